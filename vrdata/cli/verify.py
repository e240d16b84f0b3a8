"""`vrdata verify`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vrdata.cli.common import Output, OutputOption, handle_errors, print_json, stderr, stdout
from vrdata.cli.storage_options import AwsProfileOption, EndpointOption, RegionOption
from vrdata.errors import ExitCode

if TYPE_CHECKING:
    from vrdata.dataset.verify import VerifyReport


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("verify")(verify_command)


@handle_errors
def verify_command(  # noqa: PLR0913 - one option each
    where: Annotated[
        str, typer.Argument(help="A run's folder or s3:// prefix, or a root that holds one run.")
    ],
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, max=64, help="Shards at once.")] = 2,
    decode: Annotated[
        bool, typer.Option("--decode/--no-decode", help="Decode images and videos.")
    ] = True,
    endpoint: EndpointOption = "",
    region: RegionOption = "",
    aws_profile: AwsProfileOption = "",
    output: OutputOption = Output.TABLE,
) -> None:
    """Check a dataset from its bytes: counts, checksums, decodability, dataset hash."""
    from vrdata.dataset.finding import open_run  # noqa: PLC0415 - keeps `vrdata --help` fast
    from vrdata.dataset.verify import verify  # noqa: PLC0415
    from vrdata.store.opening import open_store  # noqa: PLC0415

    url = where if "://" in where else str(Path(where).absolute())
    store = open_run(open_store(url, endpoint=endpoint, region=region, profile=aws_profile))
    report = verify(store, decode=decode, jobs=jobs)
    if output is Output.JSON:
        print_json(report.to_dict())
    else:
        _print(report)
    raise typer.Exit(int(ExitCode.OK if report.ok else ExitCode.FAILED))


def _print(report: VerifyReport) -> None:
    for problem in report.problems:
        stderr.print(f"{problem.kind}: {problem.where}: {problem.message}", markup=False)
    shown = sum(report.problem_counts.values()) - len(report.problems)
    if shown > 0:
        stderr.print(f"and {shown} more problems")
    verdict = "verified" if report.ok else "NOT verified"
    stdout.print(
        f"{verdict}: {report.samples} samples in {report.shards} shards, {report.bytes} bytes"
        + (f", {report.failed_samples} left out" if report.failed_samples else "")
    )
    stdout.print(f"output: {report.output}", markup=False)
    stdout.print(f"dataset hash: {report.dataset_hash}")
