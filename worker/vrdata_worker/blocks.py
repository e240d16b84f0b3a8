"""One block as its child reports it, and what is wrong with it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from vrdata_worker.contract import WorkerExit
from vrdata_worker.failures import REASONS


@dataclass(frozen=True, slots=True)
class Problem:
    """One sample that cannot be used, and why."""

    index: int
    exit: WorkerExit
    reason: str
    message: str


@dataclass(slots=True)
class BlockState:
    """What is known of a block in progress.

    Attributes:
        start: global index of its first sample.
        want: how many of its samples the shard needs.
        made: positions reported so far, good or invalid.
        killed: set by the supervisor before it kills the child.
    """

    block: int
    start: int
    want: int
    made: set[int] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)
    killed: WorkerExit | None = None
    exited: bool = False

    def invalid(self, position: int, reason: str, message: str) -> None:
        """Record a sample that the child found unusable."""
        self.made.add(position)
        self.problems.append(
            Problem(self.start + position, WorkerExit.INVALID_OUTPUT, reason, message)
        )

    def end(self, *, error: str, signal: int | None, code: int | None, log_tail: str) -> None:
        """Record the child's end; every wanted sample that was not reported is a problem."""
        self.exited = True
        missing = [position for position in range(self.want) if position not in self.made]
        if not missing:
            return
        exit_code, message = _cause(self.killed, error=error, signal=signal, code=code)
        if log_tail and exit_code is not WorkerExit.UNDER_PRODUCTION:
            message = f"{message}\n{log_tail}"
        if exit_code is WorkerExit.UNDER_PRODUCTION:
            message = f"made {len(self.made)} of {self.want} samples and ended without an error"
        for position in missing:
            self.problems.append(
                Problem(self.start + position, exit_code, REASONS[exit_code], message)
            )


def _cause(
    killed: WorkerExit | None, *, error: str, signal: int | None, code: int | None
) -> tuple[WorkerExit, str]:
    match killed, error, signal, code:
        case WorkerExit.SAMPLE_TIMEOUT, _, _, _:
            cause = WorkerExit.SAMPLE_TIMEOUT, "no new sample within the sample timeout"
        case WorkerExit.OUT_OF_MEMORY, _, _, _:
            cause = WorkerExit.OUT_OF_MEMORY, "the generator used more memory than its limit"
        case _, str(), _, _ if error.startswith("MemoryError"):
            cause = WorkerExit.OUT_OF_MEMORY, error
        case _, _, 9, _:
            # Nobody here killed it: the kernel's out-of-memory killer is the usual sender.
            cause = WorkerExit.OUT_OF_MEMORY, "the generator was killed by signal 9"
        case _, str(), _, _ if error:
            cause = WorkerExit.GENERATOR_FAILED, error
        case _, _, int(), _:
            cause = WorkerExit.GENERATOR_FAILED, f"the generator was ended by signal {signal}"
        case _, _, _, int() if code:
            cause = WorkerExit.GENERATOR_FAILED, f"the generator exited with code {code}"
        case _:
            cause = WorkerExit.UNDER_PRODUCTION, ""
    return cause
