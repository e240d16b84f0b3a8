"""`vrdata desktop events`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

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
    warn_absent,
)
from vrdata.cli.failures import require
from vrdata.errors import ExitCode
from vrdata.text import count

if TYPE_CHECKING:
    from vrdata.desktop.stages.facts import Facts

SHOWN = 3  # losses and files that are named for each recording


@handle_errors
def events_command(
    train_dir: Annotated[
        str,
        typer.Option(
            "--train_dir",
            "--train-dir",
            "-tr",
            help="Folder or s3:// prefix of the recordings (.mcap).",
            show_default=False,
        ),
    ],
    output_dir: OutputDirOption,
    rate: Annotated[
        list[str] | None,
        typer.Option(
            "--rate",
            "-r",
            metavar="TOPIC=RATE...",
            help="Keep at most RATE events per second of TOPIC, and all events of other topics. "
            "`--rate none` keeps all events.",
            show_default="mouse=60 screen=20",
        ),
    ] = None,
    test_dir: Annotated[
        str | None,
        typer.Option(
            "--test_dir",
            "--test-dir",
            "-te",
            help="Folder or s3:// prefix of the recordings of the test split. It replaces "
            "--test_percent.",
            show_default=False,
        ),
    ] = None,
    test_percent: TestPercentOption = "0.2",
    seed: SeedOption = 42,
    recursive: Annotated[bool, typer.Option("--recursive", help="Also read subfolders.")] = False,
    num_workers: Annotated[
        int,
        typer.Option(
            "--num_workers",
            "--num-workers",
            "-n",
            min=1,
            max=256,
            help="Number of recordings to read concurrently.",
        ),
    ] = 4,
    strict: Annotated[
        bool, typer.Option("--strict", help="Fail if a recording cannot be read completely.")
    ] = False,
    overwrite: OverwriteOption = False,
    output: FormatOption = Output.TABLE,
) -> None:
    """Stage 1: read recordings, limit the rate of their events, and write a dataset of events.

    Columns: file_path, topic, timestamp_ns, message_type, msg. The dataset has the splits train and
    test; `datasets.load_from_disk` loads it. The command prints the byte ranges that it cannot read
    of a damaged recording. It fetches no video from a bucket; there, `file_path` is the key below
    the prefix.

    Exit codes: 0 everything was read, 4 recordings or parts of them were not, 1 nothing was read.
    """  # fmt: skip
    require(PACKAGES, "vrdata desktop")
    from vrdata.desktop.cores.sampling import DEFAULT_RATES, parse_rates, parse_share
    from vrdata.desktop.stages.events import EventsRequest, write_events

    require_folder(output_dir, "--output_dir")
    request = EventsRequest(
        train=train_dir,
        test=test_dir,
        output=output_dir,
        rates=parse_rates(rate or DEFAULT_RATES),
        test_share=parse_share(test_percent, "--test_percent"),
        seed=seed,
        recursive=recursive,
        workers=num_workers,
        strict=strict,
        overwrite=overwrite,
    )
    result = write_events(request, report_facts)
    print_result(result, output, "event")
    if rate:
        warn_absent(result.absent, train_dir)
    if not result.complete:
        raise typer.Exit(int(ExitCode.PARTIAL))


def report_facts(facts: Facts) -> None:
    """Name what is missing of a recording."""
    if facts.failed:
        stderr.print(f"failed: {facts.file_path}: {facts.failed}", markup=False)
    for loss in facts.losses[:SHOWN]:
        stderr.print(f"lost: {facts.file_path}: {loss}", markup=False)
    if more := len(facts.losses[SHOWN:]):
        stderr.print(f"lost: {facts.file_path}: and {count(more, 'more range')}", markup=False)
    for path, number in list(facts.missing.items())[:SHOWN]:
        events = count(number, "screen event")
        stderr.print(f"missing: {path}: {events} of {facts.file_path}", markup=False)
    if facts.invalid:
        invalid = count(facts.invalid, "message")
        stderr.print(f"invalid: {facts.file_path}: {invalid}", markup=False)
