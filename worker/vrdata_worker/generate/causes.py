"""Why the process of a block ended. Pure."""

from __future__ import annotations

import re
import signal

from vrdata.contract.reasons import FailureReason
from vrdata.contract.records import Failure
from vrdata.contract.refusals import with_refusals
from vrdata.text import count, head
from vrdata_worker.child.events import Exit

MAX_LINE = 300  # bytes
_EXITED = re.compile(r"\bexited with (code )?\d+$")


def cause_of(end: Exit, killed: Failure | None, wrote: str, log_tail: str) -> Failure:
    """The failure of a process that ended before it had reported every sample.

    Args:
        end: of the process.
        killed: why the supervisor has killed it, if it did.
        wrote: how many samples it wrote.
        log_tail: the end of what the generator printed.
    """
    cause = _cause(end, killed, wrote)
    said = cause.message
    if log_tail and cause.reason is not FailureReason.UNDER_PRODUCTION:
        said = f"{cause.message}{_why_it_exited(cause, log_tail)}\n{log_tail}"
    return cause.model_copy(update={"message": with_refusals(said, end.refused)})


def _cause(end: Exit, killed: Failure | None, wrote: str) -> Failure:
    if killed is not None:
        return killed
    if end.failure is not None:
        return end.failure
    if end.signal is not None:
        return _signalled(end.signal)
    if end.code:
        message = f"the generator exited with code {end.code}"
        return Failure(reason=FailureReason.GENERATOR_FAILED, message=message)
    message = f"{wrote} and ended without an error"
    if end.beside:
        files = f"{count(end.beside, 'file')} outside the sample folders"
        message += f"; {files}: {', '.join(end.examples)}"
    return Failure(reason=FailureReason.UNDER_PRODUCTION, message=message)


def _signalled(number: int) -> Failure:
    """What a signal that the supervisor did not send means."""
    message = f"the generator was killed by signal {number}"
    if number == signal.SIGXFSZ:
        message += ": a file became larger than 4 GiB"
        return Failure(reason=FailureReason.GENERATOR_FAILED, message=message)
    return Failure(reason=FailureReason.GENERATOR_CRASHED, message=message)


def _why_it_exited(cause: Failure, log_tail: str) -> str:
    """The last line that was printed, for an end by exit code: argparse prints the reason there."""
    lines = [line.strip() for line in log_tail.splitlines() if line.strip()]
    return f": {head(lines[-1], MAX_LINE)}" if lines and _EXITED.search(cause.message) else ""
