"""All randomness of a child: derived only from the block's seed."""

from __future__ import annotations

import builtins
import os
import random
import sys
import tempfile
import uuid
from hashlib import sha256
from typing import Any

from vrdata_child.hermetic import caller

_SEEDED = (str, bytes, tuple, frozenset)  # what `block_hash` treats
_seed = 0
_draws = 0
_branch = ""  # the place of this process in the tree of forks, such as "/fork-2/fork-1"
_forks = 0
_original_hash = builtins.hash
_original_random_seed = random.Random.seed
NODE = 0x0242_AC11_0002  # a locally administered network address


def reset(seed: int) -> None:
    """Start a block: seed the global generators; new ones without a seed follow."""
    global _seed, _draws, _branch, _forks
    _seed, _draws, _branch, _forks = seed, 0, "", 0
    random.seed(seed)
    tempfile._name_sequence = None  # type: ignore[attr-defined]  # noqa: SLF001 - temporary names
    _reset_numpy(seed)
    _reset_opencv(seed)


def draw(length: int) -> bytes:
    """The next `length` bytes of the block's entropy."""
    global _draws  # noqa: PLW0603 - one block a process
    parts = []
    for _ in range(-(-length // 32)):
        parts.append(sha256(f"{_seed}/entropy{_branch}/{_draws}".encode()).digest())
        _draws += 1
    return b"".join(parts)[:length]


def _before_fork() -> None:
    global _forks  # noqa: PLW0603 - one block a process
    _forks += 1


def _after_fork() -> None:
    """Give a process that the generator forks draws of its own, and seed `random` from them.

    Python seeds it there with the machine's entropy.
    """
    global _branch, _draws, _forks
    _branch, _draws, _forks = f"{_branch}/fork-{_forks}", 0, 0
    random.seed()


def fresh_seed() -> int:
    """A new 63-bit seed for a generator that is created without one."""
    return int.from_bytes(draw(8)) >> 1


def block_hash(value: object, /) -> int:
    """`hash()`; for strings and bytes it depends on the block's seed, not on PYTHONHASHSEED."""
    if isinstance(value, str):
        return _digest_hash(b"s" + value.encode("utf-8", "surrogatepass"))
    if isinstance(value, bytes):
        return _digest_hash(b"b" + value)
    if type(value) is tuple:
        return _original_hash(tuple(map(block_hash, value)))
    if type(value) is frozenset:
        return _original_hash(frozenset(map(block_hash, value)))
    return _original_hash(value)


def _digest_hash(data: bytes) -> int:
    digest = sha256(f"{_seed}/hash/".encode() + data).digest()
    return int.from_bytes(digest[:8], signed=True) >> 3  # 61 bits, as CPython's


class _Hash(caller.Replacement):
    """hash(); `block_hash` for the generator's own code.

    In a `__hash__` method it is Python's own, so that equal keys of dicts have equal hashes.
    """

    def __call__(self, value: object, /) -> int:
        if not isinstance(value, _SEEDED):
            return _original_hash(value)
        frame = sys._getframe(1)  # noqa: SLF001 - CPython's documented function
        if frame.f_code.co_name != "__hash__" and caller.is_own(frame):
            return block_hash(value)
        return _original_hash(value)


def install() -> None:
    """Replace the sources of randomness in this process; they use the block's current seed.

    No class is replaced: unseeded generators draw their seed from the block.
    """
    builtins.hash = _Hash(builtins.hash)
    os.urandom = _Entropy(os.urandom)
    setattr(os, "getrandom", _Entropy(os.getrandom))  # noqa: B010 - declared without a default
    random._urandom = os.urandom  # type: ignore[attr-defined]  # noqa: SLF001 - SystemRandom, secrets
    random.Random.seed = _seed_from_block  # type: ignore[method-assign]
    random.seed = random._inst.seed  # noqa: SLF001 - it was bound to the original
    os.register_at_fork(before=_before_fork, after_in_child=_after_fork)
    uuid.uuid1 = uuid1
    uuid.getnode = lambda: NODE
    _install_numpy()


class _Entropy(caller.Replacement):
    """os.urandom and os.getrandom."""

    def __call__(self, size: int, _flags: int = 0, /) -> bytes:
        return draw(size)


def _seed_from_block(self: random.Random, a: Any = None, version: int = 2) -> None:
    """Seed; None = from the block."""
    _original_random_seed(self, fresh_seed() if a is None else a, version)


def uuid1(node: int | None = None, clock_seq: int | None = None) -> uuid.UUID:
    """A UUID of version 1 without the machine's address and time."""
    drawn = uuid.UUID(bytes=draw(16), version=1)
    sequence = drawn.clock_seq if clock_seq is None else clock_seq
    return uuid.UUID(
        fields=(
            *(drawn.time_low, drawn.time_mid, drawn.time_hi_version),
            *(0x80 | (sequence >> 8) & 0x3F, sequence & 0xFF),
            NODE if node is None else node,
        ),
        version=1,
    )


def _install_numpy() -> None:
    """Unseeded generators of numpy draw all their entropy from this function."""
    try:
        from numpy.random import bit_generator
    except ImportError:
        return
    setattr(bit_generator, "randbits", lambda _: fresh_seed())  # noqa: B010 - not declared


def _reset_numpy(seed: int) -> None:
    try:
        from numpy import random as numpy_random
    except ImportError:
        return
    numpy_random.seed(seed & 0xFFFFFFFF)


def _reset_opencv(seed: int) -> None:
    try:
        import cv2
    except ImportError:
        return
    cv2.setRNGSeed(seed & 0x7FFFFFFF)
    cv2.setNumThreads(1)
