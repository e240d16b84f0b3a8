"""What every command shares: output formats, consoles, and one way to end with an error."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from enum import StrEnum
from functools import wraps
from typing import Annotated, Any, ParamSpec, TypeVar

import typer
from rich.console import Console

from vrdata.errors import ExitCode, VrdataError

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
stderr = Console(stderr=True, soft_wrap=True, highlight=False)


def print_json(value: Any) -> None:
    """Print one JSON document to standard output (data only, no colour)."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False, sort_keys=False) + "\n")


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

    Set VRDATA_DEBUG=1 to see the traceback instead.
    """

    @wraps(command)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except VrdataError as error:
            if os.environ.get("VRDATA_DEBUG"):
                raise
            report_error(error)
            raise typer.Exit(int(error.exit_code)) from None
        except KeyboardInterrupt:
            stderr.print("interrupted")
            raise typer.Exit(int(ExitCode.INTERRUPTED)) from None

    return wrapper
