"""A block in progress: its processes, one after another, and what has ended them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from vrdata.contract.reasons import FailureReason
from vrdata.contract.records import Failure
from vrdata.plan.planned import PlannedGenerator
from vrdata_child.sample.names import KNOWN, digest_of
from vrdata_worker.child import events
from vrdata_worker.child.blocks import BlockRequest, KnownSample
from vrdata_worker.child.limits import BlockLimits
from vrdata_worker.child.processes import MAX_KILLS, killed_too_often
from vrdata_worker.child.template import BEGUN, GeneratorTemplate
from vrdata_worker.failures import log_tail
from vrdata_worker.generate.block import BlockState
from vrdata_worker.generate.narrow import Try
from vrdata_worker.scratch import remove_except
from vrdata_worker.untrusted.folders import remove, size_of

TOLD_SECONDS = 10.0
AGAIN_SECONDS = 0.5  # whatever kills a whole process tree has killed the template by then


@dataclass(slots=True)
class Kills:
    """The kills of one block so far.

    Attributes:
        times: how often it was killed.
        again: when to generate it again, as `time.monotonic` counts; 0 = its process runs.
        reports: samples that its process has reported.
    """

    times: int = 0
    again: float = 0.0
    reports: int = 0
    _place: tuple[int, int] = (-1, -1)
    _equal: int = 0

    def end(self, failure: Failure, folder: Path, *, certain: bool) -> Failure | None:
        """The failure that one more kill means; None = the block is generated again.

        The last of too many kills ends the attempt, which is not charged.

        Args:
            failure: the kill.
            folder: of the process.
            certain: the kill came from outside. If not, it may be the block's own: code that kills
                itself does so at the same place each time.
        """
        place = (self.reports, size_of(folder / BEGUN))
        self._equal = self._equal + 1 if place == self._place else 1
        self._place = place
        if self._equal == MAX_KILLS and not certain:
            return killed_too_often(failure)
        if self.times == MAX_KILLS:
            return failure
        self.times += 1
        self.again = time.monotonic() + AGAIN_SECONDS
        return None


class RunningBlock:
    """Runs the children of one block.

    Args:
        template: forks them.
        planned: the generator.
        state: of the block.
        seed: of the block.
        tell: tells the user a line.
        items: writes items.json to the folder of each of its processes.

    Attributes:
        waiting: finished samples that follow those of unfinished blocks.
        kills: of what the block makes now.
    """

    def __init__(  # noqa: PLR0913 - one collaborator each
        self,
        template: GeneratorTemplate,
        planned: PlannedGenerator,
        state: BlockState,
        seed: int,
        tell: Callable[[str], None],
        items: Callable[[Path], None] = lambda _: None,
    ) -> None:
        self._template = template
        self._planned = planned
        self._tell = tell
        self._write_items = items
        self.state = state
        self.seed = seed
        self.waiting: list[events.Sample] = []
        self.kills = Kills()
        self._latest: KnownSample | None = None
        self._known: KnownSample | None = None  # of the process
        self._folders: list[Path] = []  # the last one is that of the child that runs
        self._started = self._heard = 0.0
        self._begun = 0
        self._runs = False

    @property
    def has_process(self) -> bool:
        """Whether its process runs, or its end is not known yet."""
        return not (self.state.exited or self.kills.again)

    @property
    def folder(self) -> Path:
        """The folder of its process."""
        return self._folders[-1]

    def repeat(self) -> None:
        """Request a child that makes what the one before should: something has killed it."""
        self.kills.again, self.kills.reports = 0.0, 0
        self.start(self.state.repeat())

    def start(self, chosen: Try) -> None:
        """Request a child."""
        self._folders.append(self._template.new_folder())
        self._write_items(self._folders[-1])
        self._started = self._heard = time.monotonic()
        self._begun, self._runs = 0, False
        if self._latest is not None and self._latest.position < chosen.first:
            self._known = self._latest
        self._template.submit(
            BlockRequest(
                block=self.state.block,
                seed=self.seed,
                count=chosen.count,
                want=chosen.want,
                start=self.state.start,
                dir=self._folders[-1],
                args=self._planned.args,
                position=chosen.first,
                known=self._known if chosen.first else None,
            )
        )

    def hear(self, event: events.Event) -> None:
        """Note when the child reported something; another one collects what it leaves behind."""
        started = isinstance(event, events.Started)
        self.kills.reports += isinstance(event, events.Sample | events.Invalid)
        if not isinstance(event, events.Exit) and not (started and self._runs):
            self._heard = time.monotonic()
        self._runs = self._runs or started

    def remember(self, sample: events.Sample) -> None:
        """Note a new sample, which the next process makes again to compare it."""
        digest = digest_of((file.name, file.sha256) for file in sample.files)
        self._latest = KnownSample(sample.position, digest)

    def enforce(self, limits: BlockLimits, sample_timeout: float) -> None:
        """Kill the child if it has reached a limit.

        Args:
            limits: of its resources.
            sample_timeout: longest time between two samples, in seconds.
        """
        state = self.state
        if not self.has_process or state.killed:
            return
        now, begun = time.monotonic(), self._template.begun(state.block)
        if begun != self._begun:  # a script that reports its samples at the end
            self._heard, self._begun = now, begun
        waited = now - self._heard
        if waited > sample_timeout:
            what = f"no new sample for {waited:.0f} s; the sample timeout is {sample_timeout:.0f} s"
            state.killed = Failure(reason=FailureReason.SAMPLE_TIMEOUT, message=what)
        else:
            state.killed = limits.exceeded(state.block, self._folders[-1])
        if state.killed:
            self._template.kill_block(state.block)

    def end(self, event: events.Exit) -> None:
        """Note the end of the child, and start the next one of the block, if there is one."""
        state, folder = self.state, self.folder
        killed = state.killed is not None
        if not self._template.alive:
            state.narrowing = None
        if state.current and state.current.first and self._known and not (folder / KNOWN).exists():
            event = replace(event, dependent=True)  # not even what was made before can be made
        seconds = time.monotonic() - (self._started if state.searches else self._heard)
        chosen = state.end(event, log_tail(folder), seconds)
        if chosen is not None and not chosen.search:
            self._tell_of(state.last, seconds)
        if killed or chosen is not None:
            remove_except(folder, "done")
        if chosen is not None:
            self.kills = Kills()
            self.start(chosen)

    def _tell_of(self, failed: Failure | None, seconds: float) -> None:
        if failed is not None and seconds >= TOLD_SECONDS:
            why = failed.message.partition("\n")[0]
            cost = f"it cost {seconds:.0f} s; generating the other samples of its block"
            self._tell(f"sample {failed.sample}: {why}; {cost}")

    def remove(self) -> None:
        """Remove what its children have written."""
        for folder in self._folders:
            remove(folder)
