"""`vrdata desktop report`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vrdata.cli.common import Output, handle_errors, print_json, stderr, stdout
from vrdata.cli.desktop.common import FormatOption
from vrdata.cli.failures import require
from vrdata.errors import ExitCode
from vrdata.text import count

PACKAGES = ("av", "jinja2", "numpy", "PIL", "pyarrow")
_SHOWN = 3


@handle_errors
def report_command(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="The dataset of `vrdata desktop sequences`.")
    ],
    output_dir: Annotated[
        Path | None,
        typer.Option(
            "--output_dir",
            "--output-dir",
            "-o",
            help="Folder of the page: new, empty, or with an older report.",
            show_default="report/ in the dataset",
        ),
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", "-n", help="Show at most this many sequences.")
    ] = 20,
    media_root: Annotated[
        Path | None,
        typer.Option(
            "--media_root",
            "--media-root",
            help="Folder of the recordings, for relative paths in the dataset.",
            show_default=False,
        ),
    ] = None,
    output: FormatOption = Output.TABLE,
) -> None:
    """Write a page about sequences: their frames, and the events between them.

    The page needs no server and no script. Pictures are at most 480 pixels wide and high.

    Exit codes: 0 the page has all pictures, 4 some could not be loaded.
    """
    require(PACKAGES, "vrdata desktop report")
    from vrdata.desktop.report.building import write_report

    written = write_report(
        folder, output_dir or folder / "report", limit=limit, media_root=media_root
    )
    for cause in written.causes[:_SHOWN]:
        stderr.print(f"missing: {cause}", markup=False)
    if output is Output.JSON:
        print_json(
            {
                "report": str(written.page),
                "sequences": written.sequences,
                "rows": written.rows,
                "missing": written.missing,
            }
        )
    else:
        total = sum(written.rows.values())
        stdout.print(f"{count(total, 'sequence')}, {written.sequences} shown", markup=False)
        stdout.print(f"report: {written.page}", markup=False)
    if written.missing:
        raise typer.Exit(int(ExitCode.PARTIAL))
