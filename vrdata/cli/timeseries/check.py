"""`vrdata timeseries check`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from vrdata.cli.common import (
    Output,
    OutputOption,
    handle_errors,
    print_json,
    print_table,
    report_error,
    stdout,
)
from vrdata.cli.failures import require, unusable
from vrdata.cli.sources import AwsProfileOption, EndpointOption, RegionOption
from vrdata.errors import ExitCode, VrdataError
from vrdata.text import count

if TYPE_CHECKING:
    from vrdata.timeseries.check import SeriesReport, TableReport


def register(app: typer.Typer) -> None:
    """Add the command to the group."""
    app.command("check")(check_command)


@handle_errors
def check_command(
    files: Annotated[
        list[str], typer.Argument(metavar="FILE…", help="Parquet files: paths or s3:// URLs.")
    ],
    media: Annotated[
        bool, typer.Option("--media/--no-media", help="Open the videos and decode the images.")
    ] = True,
    limit: Annotated[int, typer.Option(min=0, help="Most faults to print for each file.")] = 20,
    endpoint: EndpointOption = "",
    region: RegionOption = "",
    aws_profile: AwsProfileOption = "",
    output: OutputOption = Output.TABLE,
) -> None:
    """Check tables of time series: rates, jitter, gaps, ranges, and the faults of each row.

    Every file is checked, also after one that cannot be read.

    Exit codes: 0 no faults, 1 faults, 3 a file is not a table, 5 a file does not exist; the
    smallest one of the files that cannot be read.
    """
    require(("numpy", "PIL", "av", "pyarrow"), "a table of time series")
    from vrdata.timeseries.check import check_table
    from vrdata.timeseries.table.reading import open_tables

    reports: list[TableReport] = []
    refused: list[tuple[str, VrdataError]] = []
    for file in files:
        try:
            tables = open_tables([file], endpoint=endpoint, region=region, profile=aws_profile)
            reports.append(check_table(tables, media=media, limit=limit))
        except (VrdataError, OSError) as error:  # the other files are checked, too
            found = error if isinstance(error, VrdataError) else unusable(error)
            refused.append((file, found))
            report_error(found)
    if output is Output.JSON:
        wrong = [{"file": file, "error": error.what, "why": error.why} for file, error in refused]
        print_json({"tables": [report.to_dict() for report in reports], "refused": wrong})
    else:
        for report in reports:
            _print(report)
    if refused:
        raise typer.Exit(min(int(error.exit_code) for _, error in refused))
    faulty = any(report.fault_count for report in reports)
    raise typer.Exit(int(ExitCode.FAILED if faulty else ExitCode.OK))


def _print(report: TableReport) -> None:
    from rich.table import Table

    media = ", ".join(f"{number} {column}" for column, number in report.media.items() if number)
    facts = f"{report.file}: {count(report.episodes, 'episode')}"
    stdout.print(facts + (f"; media: {media}" if media else ""), markup=False)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("column", "steps", "values", "Hz", "jitter", "gaps", "seconds", "range"):
        table.add_column(title)
    for column, series in report.series.items():
        table.add_row(column, *_cells(series))
    print_table(table)
    for row, fault in report.faults:
        stdout.print(f"  row {row}: {fault}", style="red", markup=False)
    hidden = report.fault_count - len(report.faults)
    if hidden:
        stdout.print(f"  and {count(hidden, 'more fault')} (--limit)")
    if not report.fault_count:
        stdout.print("  no faults")


def _cells(series: SeriesReport) -> tuple[str, ...]:
    found = series.to_dict()
    gaps = f"{series.gaps}, up to {series.longest_gap:.3g} s" if series.gaps else "0"
    ranges = f"{min(found['min']):.4g} to {max(found['max']):.4g}" if "min" in found else "-"
    return (
        str(series.steps),
        str(series.values),
        _spread(found["rate"]),
        f"{series.jitter:.1%}",
        gaps,
        _spread(found["seconds"]),
        ranges,
    )


def _spread(found: dict[str, float] | None) -> str:
    if found is None:
        return "-"
    low, middle, high = (f"{found[key]:.5g}" for key in ("min", "median", "max"))
    return middle if low == high else f"{middle} ({low} to {high})"
