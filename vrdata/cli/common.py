"""What every command shares: output formats, consoles, and one way to end with an error."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, NoReturn, ParamSpec, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from vrdata.cli.failures import is_optional, missing_package, unusable
from vrdata.errors import ExitCode, UsageError, VrdataError

P = ParamSpec("P")
R = TypeVar("R")


class Output(StrEnum):
    """How a command prints its result."""

    TABLE = "table"
    JSON = "json"


OutputOption = Annotated[
    Output, typer.Option("--output-format", "-o", help="How to print the result: table or json.")
]

stdout = Console(soft_wrap=True, highlight=False)
WIDE = 10_000  # columns of a table that no terminal shows
stderr = Console(stderr=True, soft_wrap=True, highlight=False)


def print_json(value: Any) -> None:
    """Print one JSON document to standard output (data only, no colour)."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False, sort_keys=False) + "\n")


def print_table(table: Table) -> None:
    """Print a table: as wide as the terminal, and as wide as its texts everywhere else."""
    if stdout.is_terminal:
        stdout.print(table)
    else:
        stdout.print(table, width=WIDE)


def output_url(out: str, option: str) -> str:
    """The absolute path or URL of an output.

    Args:
        out: as the user writes it.
        option: that names it, for the error.

    Raises:
        UsageError: it is empty, as when a variable of a script is not set.
    """
    if not out.strip():
        raise UsageError(f"{option} is empty", fix=f"name a folder or an s3:// URL with {option}")
    return out if "://" in out else str(Path(out).absolute())


def is_interactive() -> bool:
    """True when progress may be animated: a terminal, and nobody asked for plain output."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return sys.stderr.isatty() and not plain


def report_error(error: VrdataError) -> None:
    """Print an error to standard error: what, why, fix; untrusted text is not interpreted."""
    stderr.print("error:", style="bold red", end=" ")
    stderr.print(str(error), markup=False)


def handle_errors(command: Callable[P, R]) -> Callable[P, R]:
    """Turn a VrdataError into its message and exit code, and Ctrl-C into exit 130.

    A missing package of an extra, a file that cannot be used, and a closed pipe are errors, too.

    Set VRDATA_DEBUG=1 to see the traceback instead.
    """

    @wraps(command)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except VrdataError as error:
            if os.environ.get("VRDATA_DEBUG"):
                raise
            _fail(error)
        except ModuleNotFoundError as error:
            if os.environ.get("VRDATA_DEBUG") or not is_optional(error):
                raise
            _fail(missing_package(error.name or ""))
        except BrokenPipeError:
            # The reader of the output has ended, for example `head`: nothing is left to do.
            _drop_output()
            raise typer.Exit(int(ExitCode.FAILED)) from None
        except OSError as error:
            if os.environ.get("VRDATA_DEBUG"):
                raise
            _fail(unusable(error))
        except KeyboardInterrupt:
            stderr.print("interrupted")
            raise typer.Exit(int(ExitCode.INTERRUPTED)) from None

    return wrapper


def _fail(error: VrdataError) -> NoReturn:
    report_error(error)
    raise typer.Exit(int(error.exit_code)) from None


def _drop_output() -> None:
    """Let the interpreter flush its standard output at exit without a second error."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
