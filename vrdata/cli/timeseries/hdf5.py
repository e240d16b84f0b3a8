"""`vrdata timeseries from-hdf5`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vrdata.cli.common import handle_errors
from vrdata.cli.failures import require
from vrdata.cli.timeseries.converting import MediaFilesOption, OutOption, write_converted


def register(app: typer.Typer) -> None:
    """Add the command to the group."""
    app.command("from-hdf5")(from_hdf5_command)


@handle_errors
def from_hdf5_command(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILES…", help="HDF5 files, or folders of them.", readable=False),
    ],
    out: OutOption,
    layout: Annotated[
        Path | None,
        typer.Option(
            "--map",
            metavar="MAP",
            help="A YAML file that describes where the files store what; default: the layout of "
            "a Franka arm (docs/timeseries-convert.md).",
            readable=False,
        ),
    ] = None,
    media_files: MediaFilesOption = False,
) -> None:
    """Convert HDF5 files to a table of episodes.

    Timestamps keep every nanosecond, and steps are sorted by them. Frames of cameras become H.264
    clips. If a file lacks what the map names, the error names the file and the path in it, and
    nothing is written.
    """
    require(("numpy", "PIL", "av", "pyarrow"), "a table of time series")
    require(("h5py",), "an HDF5 file")
    from vrdata.timeseries.convert.hdf5 import hdf5_episodes, hdf5_files, load_map

    places, found = load_map(layout), hdf5_files(files)
    write_converted(
        out,
        lambda keep: hdf5_episodes(found, places, keep),
        places.names(),
        media_files=media_files,
    )
