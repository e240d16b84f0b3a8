"""Problems that checks find: all are counted by kind, a bounded number is kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from vrdata.dataset.commits import RUN_AGAIN
from vrdata.model import Model
from vrdata.text import printable_line

KEPT_PER_KIND = 20
MAX_MESSAGE = 500
RESTORE = f"to restore it, {RUN_AGAIN}"
RESTORE_DATA = "restore the data first"


class Problem(Model):
    """One thing that is wrong.

    Attributes:
        kind: CamelCase; docs/verify.md describes every kind.
        where: a key, a sample's file, or a shard.
        message: what is wrong, and how to fix it.
    """

    kind: str
    where: str
    message: str


def problem(kind: str, where: str, message: str) -> Problem:
    """A problem; its texts may contain data of the dataset and are made printable."""
    return Problem(kind=kind, where=_clean(where), message=_clean(message))


def remove_first(key: str) -> str:
    """How to restore an object whose size is right and whose bytes are not."""
    return f"remove {key}, then {RUN_AGAIN}"


class ProblemLog:
    """Counts problems and keeps the first of each kind."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._kept: list[Problem] = []

    def extend(self, found: Iterable[Problem]) -> None:
        """Add problems."""
        for one in found:
            self._counts[one.kind] += 1
            if self._counts[one.kind] <= KEPT_PER_KIND:
                self._kept.append(one)

    def merge(self, other: ProblemLog) -> None:
        """Add another log's counts and, up to KEPT_PER_KIND, its problems."""
        for one in other.kept:
            if sum(kept.kind == one.kind for kept in self._kept) < KEPT_PER_KIND:
                self._kept.append(one)
        self._counts.update(other._counts)

    @property
    def counts(self) -> dict[str, int]:
        """How many of each kind, by name."""
        return dict(sorted(self._counts.items()))

    @property
    def kept(self) -> tuple[Problem, ...]:
        """The first KEPT_PER_KIND of each kind."""
        return tuple(self._kept)


def _clean(text: str) -> str:
    line = printable_line(text, "\N{REPLACEMENT CHARACTER}")
    return line if len(line) <= MAX_MESSAGE else f"{line[:MAX_MESSAGE]}…"
