"""Seeds: the only randomness in a run. Fixed: users' data depends on it."""

from __future__ import annotations

from hashlib import sha256

MASK = 0x7FFFFFFF


def block_seed(run_seed: int, generator: str, block: int, retry: int = 0) -> int:
    """The 31-bit seed of a block; a replacement of a rejected block adds its number.

    It depends on these four values only, so no shard, pod or attempt can change content.
    """
    text = f"{run_seed}/{generator}/{block}" + (f"/{retry}" if retry else "")
    return int.from_bytes(sha256(text.encode()).digest()[:4]) & MASK
