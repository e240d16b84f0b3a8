"""Sets of completion indexes as the Job controller writes them: `1,3-5,7`. Pure.

Source: the comment on JobStatus.completedIndexes in the Kubernetes API (batch/v1): ascending,
three or more neighbours as `first-last`.
"""

from __future__ import annotations


def parse_index_set(text: str) -> frozenset[int]:
    """The indexes that `text` names; empty for an empty text.

    Raises:
        ValueError: not an index set.
    """
    found: set[int] = set()
    for part in text.split(",") if text else ():
        first, dash, last = part.partition("-")
        if not _is_index(first) or (dash and not _is_index(last)):
            raise ValueError(f"{part!r} is not an index or a range of indexes")
        start, stop = int(first), int(last) if dash else int(first)
        if stop < start:
            raise ValueError(f"{part!r} runs backwards")
        found.update(range(start, stop + 1))
    return frozenset(found)


def _is_index(text: str) -> bool:
    return text.isascii() and text.isdecimal()
