"""`vrdata desktop from-run`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from vrdata.cli.common import Output, handle_errors, stderr
from vrdata.cli.desktop.common import (
    PACKAGES,
    FormatOption,
    OutputDirOption,
    OverwriteOption,
    SeedOption,
    TestPercentOption,
    print_result,
    require_folder,
)
from vrdata.cli.failures import require
from vrdata.cli.sources import AwsProfileOption, EndpointOption, RegionOption, require_source
from vrdata.errors import ExitCode
from vrdata.text import count

SHOWN = 3  # files that are named for each recording


@handle_errors
def from_run_command(
    where: Annotated[
        str, typer.Argument(metavar="RUN", help="Folder or s3:// prefix of a finished run.")
    ],
    output_dir: OutputDirOption,
    recordings: Annotated[
        Path | None,
        typer.Option(
            "--recordings",
            help="Folder of the recordings on this machine. The dataset then has their paths "
            "below it, and the command prints which media files are missing. Without it, paths are "
            "relative to the source of the first stage.",
            show_default=False,
        ),
    ] = None,
    test_percent: TestPercentOption = "0.2",
    seed: SeedOption = 42,
    overwrite: OverwriteOption = False,
    output: FormatOption = Output.TABLE,
    endpoint: EndpointOption = "",
    region: RegionOption = "",
    aws_profile: AwsProfileOption = "",
) -> None:
    """Write a finished run of M-desktop-events, -bins or -sequences as a dataset.

    It equals the dataset that `vrdata desktop events`, `bins` or `sequences` writes for the same
    recordings and options; `datasets.load_from_disk` loads it.

    Exit codes: 0 everything was read, 4 recordings or parts of them were not.
    """
    require(PACKAGES, "vrdata desktop")
    require_folder(output_dir, "--output_dir")
    from vrdata.dataset.discover import open_run
    from vrdata.desktop.chain.dataset import RunRequest, write_run
    from vrdata.desktop.chain.stored import open_stage
    from vrdata.desktop.cores.sampling import parse_share
    from vrdata.store.opening import open_store

    share = parse_share(test_percent, "--test_percent")
    request = RunRequest(output_dir, recordings, share, seed, overwrite)
    store = open_store(require_source(where), endpoint=endpoint, region=region, profile=aws_profile)
    stage = open_stage(open_run(store))
    result = write_run(stage, request, _report)
    print_result(result, output, stage.stage.removesuffix("s"))
    if not result.complete:
        raise typer.Exit(int(ExitCode.PARTIAL))


def _report(facts: dict[str, Any]) -> None:
    """Name what is missing of a recording."""
    name = facts["file_path"]
    for loss in facts["losses"][:SHOWN]:
        lost = f"bytes {loss['start']} to {loss['stop'] - 1}: {loss['why']}"
        stderr.print(f"lost: {name}: {lost}", markup=False)
    if (more := facts["lost_ranges"] - SHOWN) > 0:
        stderr.print(f"lost: {name}: and {count(more, 'more range')}", markup=False)
    for path, number in list(facts["missing_media"].items())[:SHOWN]:
        stderr.print(f"missing: {path}: {count(number, 'screen event')} of {name}", markup=False)
    counts = facts.get("sequences", {})
    if invalid := facts["invalid"] + counts.get("invalid", 0):
        stderr.print(f"invalid: {name}: {count(invalid, 'message')}", markup=False)
    if skipped := counts.get("skipped", 0):
        stderr.print(f"not encoded: {name}: {count(skipped, 'action')}", markup=False)
