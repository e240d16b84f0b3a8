"""The commands of `vrdata desktop`."""

from __future__ import annotations

import typer

from vrdata.cli.desktop.common import ManyValues
from vrdata.cli.desktop.demo import demo_command
from vrdata.cli.desktop.events import events_command
from vrdata.cli.desktop.report import report_command
from vrdata.cli.desktop.runs import from_run_command
from vrdata.cli.desktop.stats import stats_command
from vrdata.cli.desktop.tables import bins_command, sequences_command

desktop = typer.Typer(
    name="desktop",
    help="Turn desktop recordings (MCAP and MKV) into training data.",
    no_args_is_help=True,
)


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    desktop.command("events", cls=ManyValues)(events_command)
    desktop.command("bins")(bins_command)
    desktop.command("sequences")(sequences_command)
    desktop.command("report")(report_command)
    desktop.command("from-run")(from_run_command)
    desktop.command("stats")(stats_command)
    desktop.command("demo")(demo_command)
    app.add_typer(desktop)
