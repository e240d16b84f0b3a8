"""Errors a user sees: what happened, why, and how to fix it, with an exit code."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of the `vrdata` command line (documented in docs/cli.md)."""

    OK = 0
    FAILED = 1
    USAGE = 2
    INVALID = 3
    PARTIAL = 4
    NOT_FOUND = 5
    STORAGE = 7
    INTERRUPTED = 130


def install(extra: str) -> str:
    """The fix for a missing extra. On PyPI, `vrdata` is the name of another project."""
    return f'run `pip install ".[{extra}]"` in a clone of vrdata'


class VrdataError(Exception):
    """One clear error: `what` happened, `why`, and the `fix`.

    Attributes:
        what: one sentence, starting with the thing that is wrong.
        why: the cause, may be empty.
        fix: what the user can do, may be empty.
        exit_code: the exit code of a command that ends with this error.
    """

    exit_code: ExitCode = ExitCode.FAILED

    def __init__(self, what: str, *, why: str = "", fix: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.why = why
        self.fix = fix

    def __str__(self) -> str:
        lines = [self.what]
        if self.why:
            lines.append(f"  why: {self.why}")
        if self.fix:
            lines.append(f"  fix: {self.fix}")
        return "\n".join(lines)


class InvalidInputError(VrdataError):
    """A spec, catalogue, repository or argument value that cannot be used."""

    exit_code = ExitCode.INVALID


class UnknownGeneratorError(InvalidInputError):
    """A run names a generator that the catalogue does not have."""


class UsageError(VrdataError):
    """Arguments that do not fit together."""

    exit_code = ExitCode.USAGE


class NotFoundError(VrdataError):
    """Something named does not exist, or may not be accessed."""

    exit_code = ExitCode.NOT_FOUND


class OutputConflictError(VrdataError):
    """The output already holds another plan; nothing was overwritten."""

    exit_code = ExitCode.INVALID
