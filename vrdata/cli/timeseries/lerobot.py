"""`vrdata timeseries from-lerobot` and `to-lerobot`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vrdata.cli.common import handle_errors, stdout
from vrdata.cli.failures import require
from vrdata.cli.sources import AwsProfileOption, EndpointOption, RegionOption
from vrdata.cli.timeseries.converting import MediaFilesOption, OutOption, write_converted
from vrdata.errors import UsageError
from vrdata.text import count

_NEEDED = ("numpy", "PIL", "av", "pyarrow")


def register(app: typer.Typer) -> None:
    """Add the commands to the group."""
    app.command("from-lerobot")(from_lerobot_command)
    app.command("to-lerobot")(to_lerobot_command)


@handle_errors
def from_lerobot_command(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="A LeRobot dataset, version 2.0, 2.1 or 3.0.")
    ],
    out: OutOption,
    action: Annotated[
        list[str] | None,
        typer.Option("--action", help="A feature of the actions; repeatable; default: action."),
    ] = None,
    observation: Annotated[
        list[str] | None,
        typer.Option(
            "--observation",
            help="A feature of the observations; repeatable; default: observation.state.",
        ),
    ] = None,
    media_files: MediaFilesOption = False,
) -> None:
    """Convert a LeRobot dataset in a local folder to a table of episodes.

    Each episode becomes a row. The frames of videos are copied. They are encoded again only if an
    episode does not begin with a key frame.
    """
    require(_NEEDED, "a table of time series")
    from vrdata.timeseries.convert.lerobot.read.episodes import choose, lerobot_episodes
    from vrdata.timeseries.convert.lerobot.read.info import open_folder

    found = open_folder(folder)
    choice = choose(found, action or (), observation or ())
    write_converted(
        out,
        lambda keep: lerobot_episodes(found, choice, keep),
        choice.names(found),
        media_files=media_files,
    )


@handle_errors
def to_lerobot_command(
    files: Annotated[
        list[str], typer.Argument(metavar="FILES…", help="Tables: paths or s3:// URLs.")
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="DIR", help="The new folder of the dataset.")
    ],
    fps: Annotated[
        int,
        typer.Option(
            "--fps",
            min=0,
            max=1000,
            help="Frames per second; default: the rate of the episodes.",
            show_default=False,
        ),
    ] = 0,
    camera: Annotated[str, typer.Option("--camera", help="Name of the main camera.")] = "main",
    robot: Annotated[str, typer.Option("--robot-type", help="Type of the robot.")] = "",
    endpoint: EndpointOption = "",
    region: RegionOption = "",
    aws_profile: AwsProfileOption = "",
) -> None:
    """Convert tables to a LeRobot dataset, version 3.0.

    A LeRobot dataset has one frame rate. With --fps, each frame has the latest action and
    observation at its time, and the nearest frame of each clip. Values become float32.
    """
    require(_NEEDED, "a LeRobot dataset")
    from vrdata.timeseries.convert.lerobot.write.dataset import Options, write_lerobot
    from vrdata.timeseries.table.reading import open_tables

    if not camera or "/" in camera:
        raise UsageError(f"{camera!r} is not a valid camera name", fix="use a name without /")
    tables = open_tables(files, endpoint=endpoint, region=region, profile=aws_profile)
    names = {column: found for column, found in tables.file(0).names.items() if found}
    rows = write_lerobot(out, tables, Options(fps, camera, robot, names))
    stdout.print(f"wrote {count(rows, 'episode')} to {out}", markup=False)
