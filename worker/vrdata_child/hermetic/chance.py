"""All randomness of a child: derived only from the block's seed."""

from __future__ import annotations

import builtins
import os
import random
import tempfile
import uuid
from hashlib import sha256
from typing import Any

_seed = 0
_draws = 0
_original_hash = builtins.hash
_original_random_seed = random.seed


def reset(seed: int) -> None:
    """Start a block: seed the global generators; new ones without a seed follow."""
    global _seed, _draws
    _seed, _draws = seed, 0
    _original_random_seed(seed)
    tempfile._name_sequence = None  # type: ignore[attr-defined]  # noqa: SLF001 - temporary names
    _reset_numpy(seed)
    _reset_opencv(seed)


def draw(length: int) -> bytes:
    """The next `length` bytes of the block's entropy."""
    global _draws  # noqa: PLW0603 - one block a process
    parts = []
    for _ in range(-(-length // 32)):
        parts.append(sha256(f"{_seed}/entropy/{_draws}".encode()).digest())
        _draws += 1
    return b"".join(parts)[:length]


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


def install() -> None:
    """Replace the sources of randomness in this process; they use the block's current seed."""
    builtins.hash = block_hash
    os.urandom = draw
    random.seed = _random_seed
    random._urandom = draw  # type: ignore[attr-defined]  # noqa: SLF001 - SystemRandom, secrets
    random.Random = _Random  # type: ignore[misc]
    tempfile._Random = _Random  # type: ignore[attr-defined]  # noqa: SLF001 - temporary names
    uuid.uuid1 = lambda *_, **__: uuid.uuid4()
    _install_numpy()


def _random_seed(a: Any = None, version: int = 2) -> None:
    _original_random_seed(fresh_seed() if a is None else a, version)


class _Random(random.Random):
    """random.Random; without a seed it is seeded from the block."""

    def __init__(self, x: Any = None) -> None:
        super().__init__(fresh_seed() if x is None else x)

    def seed(self, a: Any = None, version: int = 2) -> None:
        """Seed; None = from the block."""
        super().seed(fresh_seed() if a is None else a, version)


def _install_numpy() -> None:
    try:
        from numpy import random as numpy_random
    except ImportError:
        return
    default_rng, global_seed = numpy_random.default_rng, numpy_random.seed
    original_state, original_sequence = numpy_random.RandomState, numpy_random.SeedSequence

    class SeededState(original_state):  # type: ignore[misc, valid-type]
        """RandomState; without a seed it is seeded from the block."""

        def __init__(self, seed: Any = None) -> None:
            super().__init__(fresh_seed() & 0xFFFFFFFF if seed is None else seed)

    class SeededSequence(original_sequence):  # type: ignore[misc, valid-type]
        """SeedSequence; without entropy it is seeded from the block."""

        def __init__(self, entropy: Any = None, **named: Any) -> None:
            super().__init__(fresh_seed() if entropy is None else entropy, **named)

    def seeded_rng(seed: Any = None) -> Any:
        return default_rng(fresh_seed() if seed is None else seed)

    def seeded_seed(seed: Any = None) -> None:
        global_seed(fresh_seed() & 0xFFFFFFFF if seed is None else seed)

    for name, replacement in (
        ("default_rng", seeded_rng),
        ("seed", seeded_seed),
        ("RandomState", SeededState),
        ("SeedSequence", SeededSequence),
    ):
        setattr(numpy_random, name, replacement)


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
