"""`vrdata desktop demo`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from vrdata.cli.common import handle_errors, stdout
from vrdata.cli.failures import require
from vrdata.errors import UsageError
from vrdata.text import count

PACKAGES = ("av", "mcap", "numpy", "PIL", "zstandard")


class VideoCodec(StrEnum):
    """The codecs that `--codec` accepts."""

    H264 = "h264"
    HEVC = "hevc"


@handle_errors
def demo_command(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="The folder to create.")],
    recordings: Annotated[
        int, typer.Option("--recordings", "-n", help="Number of recordings.")
    ] = 3,
    seconds: Annotated[float, typer.Option("--seconds", help="Seconds of each recording.")] = 6.0,
    size: Annotated[
        str, typer.Option("--size", metavar="WIDTHxHEIGHT", help="Size of the screen in pixels.")
    ] = "640x360",
    generation: Annotated[
        str,
        typer.Option(
            "--generation",
            help="Version of the recorder to imitate: 0.1, 0.3, 0.4, 0.5.0 or 0.5.1; or all: "
            "another version for each recording.",
        ),
    ] = "0.5.1",
    codec: Annotated[
        VideoCodec, typer.Option("--codec", help="Codec of the videos.")
    ] = VideoCodec.H264,
    seed: Annotated[int, typer.Option("--seed", help="Equal seeds give equal recordings.")] = 42,
) -> None:
    """Generate recordings to try the other commands: a script writes notes and opens files.

    Each recording has NAME.mcap, NAME.mkv and NAME.instruction.txt. The video has a frame for each
    change of the screen, like that of a recorder, so its frame rate varies. The black and white
    squares in the bottom right corner of a frame are its number.
    """
    require(PACKAGES, "vrdata desktop")
    from vrdata.desktop.demo.making import make_recordings

    made = make_recordings(
        folder,
        recordings=recordings,
        seconds=seconds,
        seed=seed,
        generation=None if generation == "all" else generation,
        size=_parse_size(size),
        codec=codec.value,
    )
    stdout.print(f"{count(len(made), 'recording')} of {seconds:g} s", markup=False)
    stdout.print(str(folder), markup=False)


def _parse_size(text: str) -> tuple[int, int]:
    width, _, height = text.lower().partition("x")
    try:
        return int(width), int(height)
    except ValueError:
        raise UsageError(f"--size {text} is not a size", fix="write it as 640x360") from None
