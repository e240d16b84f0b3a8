"""Which sequences the page shows: evenly spread over each split."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from vrdata.desktop.tables.reading import Split
from vrdata.errors import InvalidInputError

_NEEDED = (
    *("file_path", "start_bin_idx", "end_bin_idx"),
    *("start_timestamp_ns", "end_timestamp_ns"),
)


class Chosen(NamedTuple):
    """A row of stage 3, with its split and its number."""

    split: str
    number: int
    row: dict[str, Any]


def count_rows(split: Split) -> int:
    """The number of rows. Raises InvalidInputError."""
    return sum(batch.num_rows for batch in split.batches())


def spread(rows: Sequence[int], limit: int) -> list[list[int]]:
    """Rows of each split, at most `limit` together; each split that has rows gets one, if possible.

    Args:
        rows: number of rows of each split.
        limit: most rows.
    """
    total, left = sum(rows), limit
    chosen: list[list[int]] = []
    for number, count in enumerate(rows):
        waiting = sum(1 for later in rows[number + 1 :] if later)
        fair = min(count, max(round(limit * count / total), 1)) if count else 0
        own = max(min(fair, left - waiting), 0)
        left -= own
        chosen.append([row * count // own for row in range(own)])
    return chosen


def _check(row: dict[str, Any], name: str) -> None:
    """Raises InvalidInputError: a value that the page needs is null."""
    meta, refs, texts = row["metadata"] or {}, row["image_refs"] or (), row["encoded_events"] or ()
    missing = [f"metadata.{one}" for one in _NEEDED if meta.get(one) is None]
    if any(ref is None or ref["path"] is None or ref["bin_idx"] is None for ref in refs):
        missing.append("image_refs")
    if None in texts:
        missing.append("encoded_events")
    if missing:
        raise InvalidInputError(
            f"{name} has no {missing[0]}",
            why="a value is null",
            fix="run `vrdata desktop sequences` again",
        )


def choose(splits: Sequence[Split], rows: Sequence[int], limit: int) -> Iterator[Chosen]:
    """The chosen rows, in order. Raises InvalidInputError."""
    for split, numbers in zip(splits, spread(rows, limit), strict=True):
        wanted, first = iter(numbers), 0
        number = next(wanted, None)
        for batch in split.batches():
            while number is not None and number < first + batch.num_rows:
                (row,) = batch.slice(number - first, 1).to_pylist()
                _check(row, f"row {number} of split {split.name}")
                yield Chosen(split.name, number, row)
                number = next(wanted, None)
            first += batch.num_rows
