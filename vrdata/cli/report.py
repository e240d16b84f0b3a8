"""`vrdata report`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vrdata.cli.common import Output, OutputOption, handle_errors, print_json, stdout
from vrdata.cli.failures import REPORT, require
from vrdata.cli.sources import AwsProfileOption, EndpointOption, RegionOption, require_source
from vrdata.errors import UsageError
from vrdata.text import count

if TYPE_CHECKING:
    from vrdata.store.port import ObjectStore


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("report")(report_command)


@handle_errors
def report_command(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SRC", help="The folder or s3:// prefix of a run, or a root with one run."
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            help="Folder for the report: new, empty, or with an older report. "
            "Default: report/ in a finished run.",
        ),
    ] = None,
    endpoint: EndpointOption = "",
    region: RegionOption = "",
    aws_profile: AwsProfileOption = "",
    output: OutputOption = Output.TABLE,
) -> None:
    """Write a page about a run: totals, failures, samples with video clips.

    A finished run already has one; this command replaces it, or writes one for an unfinished run.
    """
    require(REPORT, "a report")
    from vrdata.dataset.discover import open_run
    from vrdata.dataset.report.build import make_report, report_page
    from vrdata.store.opening import open_store

    store = open_store(
        require_source(source), endpoint=endpoint, region=region, profile=aws_profile
    )
    run = open_run(store)
    target = _own_report(run) if out is None else _folder(out)
    facts = make_report(run, target)
    page = report_page(target.url)
    if output is Output.JSON:
        print_json(facts.to_dict() | {"report": page})
        return
    state = "finished" if facts.finished else "not finished"
    stdout.print(
        f"{facts.run}, {state}: {count(facts.samples, 'sample')}, {facts.cards} shown\n"
        f"report: {page}",
        markup=False,
    )


def _own_report(run: ObjectStore) -> ObjectStore:
    from vrdata.dataset import layout
    from vrdata.store.opening import PrefixedStore

    if run.head(layout.SUCCESS) is None:
        raise UsageError(
            f"the run in {run.url} is not finished",
            why="only the report of a finished run is stored with its data",
            fix="choose a folder for the report with --out DIR",
        )
    return PrefixedStore(run, layout.REPORT)


def _folder(out: Path) -> ObjectStore:
    from vrdata.dataset.report.publish import PAGE, is_report
    from vrdata.store.file.store import FileStore

    folder = out.absolute()
    try:
        taken = folder.exists() and any(folder.iterdir()) and not is_report(folder / PAGE)
    except OSError as error:
        raise UsageError(
            f"--out {out} cannot be used",
            why=error.strerror or "",
            fix="name a new or empty folder",
        ) from None
    if taken:
        raise UsageError(
            f"--out {out}: the folder contains something other than a report",
            fix="name a new or empty folder",
        )
    return FileStore(folder)
