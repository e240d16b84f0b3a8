"""What the commands share that convert existing data to a table."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vrdata.cli.common import stdout
from vrdata.errors import UsageError
from vrdata.text import count

if TYPE_CHECKING:
    from vrdata.timeseries.convert.media import Keep
    from vrdata.timeseries.table.episode import Episode
    from vrdata.timeseries.table.schema import Form, Names

OutOption = Annotated[
    Path, typer.Option("--out", "-o", metavar="FILE", help="The table to write.", readable=False)
]
MediaFilesOption = Annotated[
    bool,
    typer.Option(
        "--media-files",
        help="Store images and videos in the folder NAME_media/ beside the table, not in it.",
    ),
]
SeedFormOption = Annotated[
    bool,
    typer.Option(
        "--seed-form",
        help="Write steps as lists [seconds, value, …], and media as paths; needs --media-files.",
    ),
]


def write_converted(
    table: Path,
    make: Callable[[Keep], Generator[Episode, None, None]],
    names: Names,
    *,
    media_files: bool,
    seed_form: bool = False,
) -> int:
    """Write a table of episodes, and print how many.

    Args:
        table: the new file; an existing one is replaced.
        make: makes the episodes.
        names: of the values.
        media_files: images and videos become files beside the table.
        seed_form: see `write_table`.

    Returns:
        The number of episodes.
    """
    from vrdata.timeseries.convert.media import media_of
    from vrdata.timeseries.table.writing import write_table

    if seed_form and not media_files:
        raise UsageError(
            "--seed-form needs --media-files",
            why="tables in this form store paths, not bytes",
            fix="add --media-files, or remove --seed-form",
        )
    if table.is_dir():
        raise UsageError(f"{table} is a folder", fix="name a file, such as episodes.parquet")
    form: Form = "seed" if seed_form else "vrdata"
    with media_of(table, beside=media_files) as (keep, commit), closing(make(keep)) as episodes:
        rows = write_table(table, episodes, names=names, form=form, before=commit)
    stdout.print(f"wrote {count(rows, 'episode')} to {table}", markup=False)
    return rows
