"""Divide recordings into train and test. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from fractions import Fraction


def test_names(names: Sequence[str], share: Fraction, seed: int) -> frozenset[str]:
    """The recordings of the test split.

    They are those with the lowest hashes of seed and name, so the choice does not depend on the
    order or on the contents. With two or more recordings, each split gets at least one.

    Args:
        names: of all recordings, relative to their folder.
        share: of the test split, 0 to 1.
        seed: another seed gives another choice.
    """
    number = int(len(names) * share)
    if share and len(names) > 1:
        number = min(max(number, 1), len(names) - 1)
    elif share < 1:
        number = 0
    ranked = sorted(names, key=lambda name: (_rank(name, seed), name))
    return frozenset(ranked[:number])


def _rank(name: str, seed: int) -> bytes:
    return hashlib.sha256(f"{seed}/{name}".encode()).digest()
