"""What a stage did, in numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from vrdata.desktop.stages.facts import Facts
from vrdata.errors import VrdataError


class StrictError(VrdataError):
    """A recording is not complete, and the user asked for complete ones only."""

    def __init__(self, facts: Facts) -> None:
        why = facts.failed or "; ".join(map(str, facts.losses[:3]))
        super().__init__(
            f"{facts.file_path} cannot be read completely",
            why=why,
            fix="repair or remove it, or run without --strict to keep what can be read",
        )


class NothingReadError(VrdataError):
    """No recording gave any row."""


@dataclass(frozen=True)
class StageResult:
    """One finished stage.

    Attributes:
        output: folder of the dataset.
        rows: number of rows of each split.
        recordings: number of recordings.
        failed: number of recordings without any row, because they failed.
        damaged: number of recordings of which a part is lost.
        missing: number of recordings with a missing media file.
        absent: topics that were asked for, and that have no events.
    """

    output: Path
    rows: dict[str, int]
    recordings: int
    failed: int = 0
    damaged: int = 0
    missing: int = 0
    absent: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        output: Path,
        facts: Sequence[Facts],
        rows: Mapping[str, int],
        topics: Iterable[str],
    ) -> Self:
        """The result of stage 1.

        Args:
            output: folder of the dataset.
            facts: of all recordings.
            rows: number of rows of each split.
            topics: whose rates are limited.
        """
        found = set[str]().union(*(one.topics for one in facts))
        return cls(
            output,
            dict(rows),
            len(facts),
            sum(bool(one.failed) for one in facts),
            sum(bool(one.losses) for one in facts),
            sum(bool(one.missing) for one in facts),
            tuple(topic for topic in topics if topic not in found),
        )

    @property
    def complete(self) -> bool:
        """Whether every recording was read completely."""
        return not self.failed and not self.damaged

    def refuse_empty(self) -> None:
        """Raise NothingReadError if every recording failed."""
        if self.recordings and self.failed == self.recordings:
            raise NothingReadError(
                "no recording can be read", why=f"all {self.recordings} failed; see above"
            )

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "rows": self.rows,
            "recordings": self.recordings,
            "failed": self.failed,
            "damaged": self.damaged,
            "missing_media": self.missing,
        }
