"""Write index sets as the Job controller does: `1,3-5,7`."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby


def format_index_set(indexes: Iterable[int]) -> str:
    """The shortest text for a set of indexes; `parse_index_set` reads it back."""
    parts: list[str] = []
    for _, group in groupby(enumerate(sorted(set(indexes))), key=lambda pair: pair[1] - pair[0]):
        run = [index for _, index in group]
        parts.extend([f"{run[0]}-{run[-1]}"] if len(run) > 2 else map(str, run))
    return ",".join(parts)
