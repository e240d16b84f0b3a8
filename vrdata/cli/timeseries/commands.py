"""`vrdata timeseries`: check, create, convert."""

from __future__ import annotations

import typer

from vrdata.cli.timeseries import check, create, hdf5, lerobot, runs

timeseries_app = typer.Typer(
    name="timeseries",
    help="Check, create and convert tables of episodes: text, actions, observations, media.",
    no_args_is_help=True,
)


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.add_typer(timeseries_app)


for commands in (check, create, hdf5, runs, lerobot):
    commands.register(timeseries_app)
