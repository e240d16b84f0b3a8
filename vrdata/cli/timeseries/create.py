"""`vrdata timeseries create`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vrdata.cli.common import handle_errors, stdout
from vrdata.cli.failures import require
from vrdata.cli.timeseries.converting import OutOption
from vrdata.errors import UsageError
from vrdata.text import count


def register(app: typer.Typer) -> None:
    """Add the command to the group."""
    app.command("create")(create_command)


@handle_errors
def create_command(
    out: OutOption = Path("data/data.pq"),
    episodes: Annotated[
        int, typer.Option("--episodes", "-n", min=1, help="Number of episodes.")
    ] = 10,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of all random values.")] = 42,
    min_steps: Annotated[int, typer.Option(min=1, help="Fewest actions of an episode.")] = 20,
    max_steps: Annotated[int, typer.Option(min=1, help="Most actions of an episode.")] = 200,
    action_rate: Annotated[int, typer.Option(min=1, help="Actions per second.")] = 100,
    observation_rate: Annotated[int, typer.Option(min=1, help="Observations per second.")] = 50,
    action_values: Annotated[int, typer.Option(min=1, help="Values of an action.")] = 3,
    observation_values: Annotated[int, typer.Option(min=1, help="Values of an observation.")] = 7,
    frames: Annotated[
        int, typer.Option(min=0, help="Frames of a clip; 0 writes no videos and no images.")
    ] = 30,
    fps: Annotated[int, typer.Option(min=1, help="Frames per second.")] = 20,
    size: Annotated[
        int, typer.Option(min=2, max=4096, help="Height and width of frames in pixels.")
    ] = 64,
    embed: Annotated[
        bool, typer.Option("--embed", help="Store images and videos in the table, not beside it.")
    ] = False,
    seed_form: Annotated[
        bool,
        typer.Option("--seed-form", help="Write steps as lists [seconds, value, …]."),
    ] = False,
) -> None:
    """Create a table of random episodes, with images and videos beside it.

    The same options give the same files.
    """
    require(("numpy", "PIL", "av", "pyarrow"), "a table of time series")
    from vrdata.timeseries.create import DummyOptions, create_table

    if min_steps > max_steps:
        raise UsageError(f"--min-steps {min_steps} is more than --max-steps {max_steps}")
    if embed and seed_form:
        raise UsageError("--embed and --seed-form cannot be used together", fix="use one of them")
    if out.is_dir():
        raise UsageError(f"{out} is a folder", fix="name a file, such as data.pq")
    options = DummyOptions(
        episodes,
        seed,
        (min_steps, max_steps),
        action_rate,
        observation_rate,
        action_values,
        observation_values,
        frames,
        fps,
        size,
    )
    rows = create_table(out, options, embed=embed, form="seed" if seed_form else "vrdata")
    stdout.print(f"wrote {count(rows, 'episode')} to {out}", markup=False)
