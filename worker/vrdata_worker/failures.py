"""Why a shard or a sample failed: one closed vocabulary, each with its exit code."""

from __future__ import annotations

from pathlib import Path

from vrdata.contract.reasons import WorkerExit
from vrdata.dataset.commits import DamagedMarkerError
from vrdata.dataset.formats.untrusted import FileChangedError
from vrdata.errors import InvalidInputError, VrdataError
from vrdata.text import plain

REASONS: dict[WorkerExit, str] = {
    WorkerExit.COMMITTED: "Committed",
    WorkerExit.PREEMPTED: "Preempted",
    WorkerExit.GENERATOR_FAILED: "GeneratorFailed",
    WorkerExit.INVALID_OUTPUT: "InvalidOutput",
    WorkerExit.UNDER_PRODUCTION: "UnderProduction",
    WorkerExit.SAMPLE_TIMEOUT: "SampleTimeout",
    WorkerExit.OUT_OF_MEMORY: "OutOfMemory",
    WorkerExit.STORAGE_UNAVAILABLE: "StorageUnavailable",
    WorkerExit.CONTRACT_MISMATCH: "ContractMismatch",
}

LOG_TAIL_BYTES = 4096
TRACEBACK_BYTES = 2000  # of a traceback's end, in the record of each failure


class ShardFailedError(Exception):
    """A shard cannot be committed.

    Attributes:
        exit: the worker's exit code for it.
        message: one or more lines for the user; generator text in it is data.
        sample: global index of the first offending sample, if one is known.
        traceback: the end of the generator's traceback, or "".
    """

    def __init__(
        self,
        exit_code: WorkerExit,
        message: str,
        sample: int | None = None,
        traceback: str = "",
    ) -> None:
        super().__init__(message)
        self.exit = exit_code
        self.message = message
        self.sample = sample
        self.traceback = traceback

    @property
    def reason(self) -> str:
        """The exit code's name, as in status and metrics."""
        return REASONS[self.exit]


def failure_of(error: Exception, sample: int | None = None) -> ShardFailedError:
    """What an error of packing or storing a shard means for it.

    Args:
        error: what was raised.
        sample: global index of the sample that was being packed, if one was.

    Returns:
        Exit 21 when the generator's files are to blame (changed after their check, or with names
        that do not fit), 40 when the shard's commit marker cannot be used, else 30.
    """
    parts = (error.what, error.why, error.fix) if isinstance(error, VrdataError) else (str(error),)
    message = "; ".join(filter(None, parts))  # summaries show the first line only
    match error:
        case FileChangedError():
            return ShardFailedError(WorkerExit.INVALID_OUTPUT, f"FileChanged: {message}", sample)
        case DamagedMarkerError():
            return ShardFailedError(WorkerExit.CONTRACT_MISMATCH, message)
        case InvalidInputError():
            return ShardFailedError(WorkerExit.INVALID_OUTPUT, f"UnsafeFile: {message}", sample)
        case _:
            return ShardFailedError(WorkerExit.STORAGE_UNAVAILABLE, message)


class PreemptedError(BaseException):
    """SIGTERM arrived: stop now, commit nothing more. Not an Exception, so nothing swallows it."""


def log_tail(folder: Path) -> str:
    """The end of what a block's generator printed, or "" when it printed nothing."""
    path = folder / "log.txt"
    try:
        with path.open("rb") as log:
            log.seek(max(0, path.stat().st_size - LOG_TAIL_BYTES))
            return plain(log.read(LOG_TAIL_BYTES).decode("utf-8", "replace")).strip()
    except OSError:
        return ""
