"""Describe what a generator raised."""

from __future__ import annotations

import errno
import subprocess
import traceback

from vrdata_child.limits import limit_of
from vrdata_child.sample.invalid import SampleInvalidError

MAX_TEXT = 6000
_OF_THE_MACHINE = {
    *(errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.ENOMEM, errno.ENFILE, errno.EINTR),
}
_SCARCE = ("nsufficient memory", "can't start new thread", "annot allocate memory")


class ScriptExitError(Exception):
    """The script ended itself, with an exit code other than 0 or with a text."""

    @classmethod
    def of(cls, error: SystemExit) -> ScriptExitError:
        """What the exit of a script is, with its traceback."""
        return cls(f"generate.py exited with {error.code}").with_traceback(error.__traceback__)


def describe(error: BaseException) -> dict[str, str]:
    """An exception as `reason`, `message` and `traceback`, of bounded size."""
    text = "".join(traceback.format_exception(error))
    match error:
        case SampleInvalidError():
            reason, message = error.reason, error.message
            text = text if error.__cause__ else ""  # vrdata's own code has raised it
        case MemoryError():
            reason, message = "OutOfMemory", f"{type(error).__name__}: {error}"
        case _:
            reason = "GeneratorCrashed" if by_chance(error) else "GeneratorFailed"
            message = f"{type(error).__name__}: {error}{limit_of(error)}"
    return {"reason": reason, "message": message[:MAX_TEXT], "traceback": text[-MAX_TEXT:]}


def by_chance(error: BaseException) -> bool:
    """Whether only the machine is the cause, so that the same script can succeed later."""
    if isinstance(error, TimeoutError | subprocess.TimeoutExpired):
        return True
    return isinstance(error, OSError) and error.errno in _OF_THE_MACHINE


def depends_on_machine(error: BaseException) -> bool:
    """Whether the same seed may raise it on one machine and not on another, as far as is known."""
    found: BaseException | None = error
    while found is not None:
        text = str(found)
        if (
            isinstance(found, MemoryError)
            or by_chance(found)
            or any(one in text for one in _SCARCE)
        ):
            return True
        found = found.__cause__ or found.__context__
    return False
