"""Write the generated pages of docs/; `--check` only compares and exits 1 on a difference."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import typer.main
from typer.cli import get_docs_for_click

from vrdata.cli.main import app
from vrdata.errors import ExitCode

DOCS = Path(__file__).resolve().parents[1] / "docs"

_EXIT_CODES = {
    ExitCode.OK: "success",
    ExitCode.FAILED: "the run or the check failed",
    ExitCode.USAGE: "the arguments do not fit together",
    ExitCode.INVALID: "a spec, profile, catalogue or generator is invalid, or the output holds "
    "another plan",
    ExitCode.PARTIAL: "finished with samples left out, within the failure budget",
    ExitCode.NOT_FOUND: "something named does not exist, or may not be accessed",
    ExitCode.CLUSTER_UNREACHABLE: "the cluster cannot be reached",
    ExitCode.STORAGE: "the object store cannot be used",
    ExitCode.TIMEOUT: "a time limit ran out",
    ExitCode.INTERRUPTED: "interrupted by Ctrl-C; committed shards stay",
}


def command_line() -> str:
    """docs/cli.md: exit codes and every command's help."""
    command = typer.main.get_command(app)
    context = typer.Context(command, info_name="vrdata")
    rows = "\n".join(f"| {int(code)} | {text} |" for code, text in _EXIT_CODES.items())
    body = get_docs_for_click(obj=command, ctx=context, name="vrdata")
    lines = "\n".join(line.rstrip() for line in body.splitlines())
    commands = lines.replace("# `vrdata`", "## `vrdata`", 1)
    return (
        "# Command line\n\n"
        "This page is generated from the program (`make docs`).\n\n"
        "Data goes to standard output, messages and progress to standard error. "
        "`-o json` prints one JSON document. Colour and animation are off without a terminal, "
        "with `NO_COLOR` and with `TERM=dumb`. `VRDATA_DEBUG=1` shows tracebacks.\n\n"
        f"## Exit codes\n\n| code | meaning |\n|---|---|\n{rows}\n\n{commands}\n"
    )


PAGES: dict[str, Callable[[], str]] = {"cli.md": command_line}


def main() -> int:
    """Write or compare all pages; returns the exit code."""
    stale = [name for name, page in PAGES.items() if not _is_current(name, page())]
    if "--check" in sys.argv:
        for name in stale:
            sys.stderr.write(f"docs/{name} is stale: run `make docs`\n")
        return 1 if stale else 0
    for name in stale:
        (DOCS / name).write_text(PAGES[name]())
    return 0


def _is_current(name: str, text: str) -> bool:
    path = DOCS / name
    return path.exists() and path.read_text() == text


if __name__ == "__main__":
    sys.exit(main())
