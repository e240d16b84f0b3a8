"""The `vrdata` command: its commands, one module for each."""

from __future__ import annotations

import signal
from typing import Annotated, NoReturn

import typer

from vrdata import __version__
from vrdata.bounded.heap import share_heap
from vrdata.cli import doctor, report, spec, verify
from vrdata.cli.desktop import commands as desktop
from vrdata.cli.generators import commands as generators
from vrdata.cli.runs import commands as runs
from vrdata.cli.runs import importing
from vrdata.cli.storage import bucket, export, push, transfer
from vrdata.cli.timeseries import commands as timeseries
from vrdata.imports import import_fast
from vrdata.privacy.process import close_process

app = typer.Typer(
    name="vrdata",
    help="Generate, verify, store and load training data for video reasoning.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

for commands in (
    spec,
    runs,
    importing,
    verify,
    report,
    generators,
    desktop,
    transfer,
    bucket,
    push,
    export,
    timeseries,
    doctor,
):
    commands.register(app)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"vrdata {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """The options before a command."""


def main() -> None:
    """Entry point of the console script."""
    close_process()
    share_heap()
    import_fast()
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # if ignored, no process has an exit code
    app()


def _interrupt(*_: object) -> NoReturn:
    """End as after Ctrl-C: with the processes that the command started."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
