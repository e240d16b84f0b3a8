"""A block whose process runs, and how often something outside vrdata has killed it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from vrdata.contract.records import Failure
from vrdata_worker.child import events
from vrdata_worker.child.processes import MAX_KILLS, killed_too_often
from vrdata_worker.child.template import BEGUN
from vrdata_worker.generate.block import BlockState
from vrdata_worker.untrusted.folders import size_of

AGAIN_SECONDS = 0.5  # whatever kills a whole process tree has killed the template by then


@dataclass(slots=True)
class Kills:
    """The kills of one block so far.

    Attributes:
        folders: of its earlier processes; samples that they reported can still be there.
        again: when to generate it again, as `time.monotonic` counts; 0 = its process runs.
        reports: samples that its process has reported.
    """

    folders: list[Path] = field(default_factory=list)
    again: float = 0.0
    reports: int = 0
    _place: tuple[int, int] = (-1, -1)
    _equal: int = 0

    def end(self, failure: Failure, folder: Path) -> Failure | None:
        """The failure that one more kill means; None = the block is generated again.

        Code that kills itself does so at the same place each time. A block that is killed at
        different places ends its attempt, which is not charged.

        Args:
            failure: the kill.
            folder: of the process.
        """
        place = (self.reports, size_of(folder / BEGUN))
        self._equal = self._equal + 1 if place == self._place else 1
        self._place = place
        if self._equal == MAX_KILLS:
            return killed_too_often(failure)
        if len(self.folders) == MAX_KILLS:
            return failure
        self.folders.append(folder)
        self.again = time.monotonic() + AGAIN_SECONDS
        return None


@dataclass(slots=True)
class RunningBlock:
    """A block in progress.

    Attributes:
        folder: of its process.
        last_event: when it last gave a sign of life, as `time.monotonic` counts.
        begun: see `GeneratorTemplate.begun`.
        waiting: samples that follow those of unfinished blocks.
    """

    state: BlockState
    folder: Path
    seed: int
    last_event: float
    begun: int = 0
    waiting: list[events.Sample] = field(default_factory=list)
    kills: Kills = field(default_factory=Kills)

    @property
    def has_process(self) -> bool:
        """Whether its process runs, or its end is not known yet."""
        return not (self.state.exited or self.kills.again)

    @property
    def folders(self) -> Iterator[Path]:
        """All of its folders."""
        yield from (*self.kills.folders, self.folder)

    def begin_again(self, folder: Path) -> None:
        """Its next process starts, in an empty folder."""
        self.folder, self.begun, self.last_event = folder, 0, time.monotonic()
        self.kills.again, self.kills.reports = 0.0, 0
