"""`vrdata export`."""

from __future__ import annotations

import time
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from vrdata.cli.common import (
    Output,
    OutputOption,
    handle_errors,
    output_url,
    print_json,
    stderr,
    stdout,
)
from vrdata.cli.sources import AwsProfileOption, EndpointOption, RegionOption, require_source
from vrdata.cli.storage.transfer import PROGRESS_SECONDS, print_limits
from vrdata.text import count

if TYPE_CHECKING:
    from vrdata.export.run import Exported


class LayoutName(StrEnum):
    """The layouts of exports; see docs/export.md."""

    VBVR = "vbvr"
    BENCH = "bench"
    PRO = "pro"
    JSONL = "jsonl"


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("export")(export_command)


@handle_errors
def export_command(
    where: Annotated[
        str,
        typer.Argument(metavar="RUN", help="The folder or s3:// prefix of a finished run."),
    ],
    target: Annotated[
        str,
        typer.Argument(
            metavar="DST",
            help="A folder, s3://bucket/prefix, or an archive in one (.tar, .tar.gz).",
        ),
    ],
    layout: Annotated[
        LayoutName, typer.Option("--layout", help="The layout of the exported files.")
    ],
    endpoint: EndpointOption = "",
    region: RegionOption = "",
    aws_profile: AwsProfileOption = "",
    output: OutputOption = Output.TABLE,
) -> None:
    """Write the samples of a finished run in the layout that another program reads.

    vbvr: the folders of the VBVR datasets. bench: those of VBVR-Bench. pro: the files for video
    models beside those for image models. jsonl: videos, first frames and metadata.jsonl.

    The same command resumes an interrupted export. Existing files with equal bytes are skipped;
    nothing is overwritten.
    """
    from vrdata.dataset.discover import open_run
    from vrdata.export.layouts.registry import LAYOUTS
    from vrdata.export.run import export
    from vrdata.export.targets.opening import open_target
    from vrdata.store.opening import open_store

    url = output_url(target, "DST")
    store = open_store(require_source(where), endpoint=endpoint, region=region, profile=aws_profile)
    run = open_run(store)
    opened, written = open_target(url, run, endpoint=endpoint, region=region, profile=aws_profile)
    try:
        result = export(run, LAYOUTS[layout.value], opened, report=_Progress())
    finally:
        print_limits(written)
    if output is Output.JSON:
        print_json(result.to_dict())
        return
    stdout.print(_line(result), markup=False)
    stdout.print(result.url, markup=False)
    if result.failed_samples:
        failed = count(result.failed_samples, "sample")
        stderr.print(f"note: {failed} of the run failed; their numbers are not used", markup=False)


class _Progress:
    """Print a line to standard error every few seconds."""

    def __init__(self) -> None:
        self._printed = time.monotonic()

    def __call__(self, result: Exported) -> None:
        now = time.monotonic()
        if now - self._printed >= PROGRESS_SECONDS:
            self._printed = now
            stderr.print(_line(result), markup=False)


def _line(result: Exported) -> str:
    return (
        f"exported {count(result.samples, 'sample')}: wrote {count(result.written, 'file')} "
        f"({result.bytes / 1e6:.1f} MB), {result.skipped} already there"
    )
