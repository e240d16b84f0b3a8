"""One block as its child reports it, and what is wrong with it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from vrdata.contract.reasons import WorkerExit
from vrdata.text import tail
from vrdata_worker.child.events import Exit, Invalid
from vrdata_worker.failures import REASONS, TRACEBACK_BYTES


@dataclass(frozen=True, slots=True)
class Problem:
    """One sample that cannot be used, and why.

    Attributes:
        traceback: the end of the generator's traceback, where one belongs to this sample.
    """

    index: int
    exit: WorkerExit
    reason: str
    message: str
    traceback: str = ""


@dataclass(slots=True)
class BlockState:
    """What is known of a block in progress.

    Attributes:
        start: global index of its first sample.
        want: how many of its samples are asked of the generator.
        skip: how many of its first samples are not the shard's: generated and dropped.
        made: positions reported so far, good or invalid.
        killed: set by the supervisor before it kills the child.
    """

    block: int
    start: int
    want: int
    skip: int = 0
    made: set[int] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)
    killed: WorkerExit | None = None
    exited: bool = False

    def invalid(self, event: Invalid) -> None:
        """Record a sample that the child could not make or found unusable."""
        self.made.add(event.position)
        if event.position < self.skip:
            return
        raised = event.reason == REASONS[WorkerExit.GENERATOR_FAILED]
        self.problems.append(
            Problem(
                self.start + event.position,
                WorkerExit.GENERATOR_FAILED if raised else WorkerExit.INVALID_OUTPUT,
                event.reason,
                event.message,
                tail(event.traceback, TRACEBACK_BYTES),
            )
        )

    def end(self, event: Exit, log_tail: str) -> None:
        """Record the child's end; every wanted sample that was not reported is a problem.

        The first of them keeps the traceback: what ended the block happened there.
        """
        self.exited = True
        missing = [
            position for position in range(self.skip, self.want) if position not in self.made
        ]
        if not missing:
            return
        exit_code, message = _cause(self.killed, event)
        if log_tail and exit_code is not WorkerExit.UNDER_PRODUCTION:
            message = f"{message}\n{log_tail}"
        if exit_code is WorkerExit.UNDER_PRODUCTION:
            message = f"made {len(self.made)} of {self.want} samples and ended without an error"
        first = tail(event.traceback, TRACEBACK_BYTES)
        for position in missing:
            self.problems.append(
                Problem(
                    self.start + position,
                    exit_code,
                    REASONS[exit_code],
                    message,
                    first if position == missing[0] else "",
                )
            )


def _cause(killed: WorkerExit | None, end: Exit) -> tuple[WorkerExit, str]:
    match killed, end.error, end.signal, end.code:
        case WorkerExit.SAMPLE_TIMEOUT, _, _, _:
            cause = WorkerExit.SAMPLE_TIMEOUT, "no new sample within the sample timeout"
        case WorkerExit.OUT_OF_MEMORY, _, _, _:
            cause = WorkerExit.OUT_OF_MEMORY, "the generator used more memory than its limit"
        case _, str(), _, _ if end.error.startswith("MemoryError"):
            cause = WorkerExit.OUT_OF_MEMORY, end.error
        case _, _, 9, _:
            # Nobody here killed it: the kernel's out-of-memory killer is the usual sender.
            cause = WorkerExit.OUT_OF_MEMORY, "the generator was killed by signal 9"
        case _, str(), _, _ if end.error:
            cause = WorkerExit.GENERATOR_FAILED, end.error
        case _, _, int(), _:
            cause = WorkerExit.GENERATOR_FAILED, f"the generator was ended by signal {end.signal}"
        case _, _, _, int() if end.code:
            cause = WorkerExit.GENERATOR_FAILED, f"the generator exited with code {end.code}"
        case _:
            cause = WorkerExit.UNDER_PRODUCTION, ""
    return cause
