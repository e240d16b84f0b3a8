"""`vrdata push`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from vrdata.cli.common import Output, OutputOption, handle_errors, print_json, stderr, stdout
from vrdata.cli.sources import AwsProfileOption, EndpointOption, RegionOption, require_source
from vrdata.errors import UsageError
from vrdata.text import count

if TYPE_CHECKING:
    from vrdata.transfer.push import Pushed


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("push")(push_command)


@handle_errors
def push_command(
    where: Annotated[
        str,
        typer.Argument(metavar="RUN", help="The folder or s3:// prefix of a finished run."),
    ],
    target: Annotated[str, typer.Argument(metavar="DST", help="hf://ORGANISATION/NAME.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Compare, and write nothing.")] = False,
    endpoint: EndpointOption = "",
    region: RegionOption = "",
    aws_profile: AwsProfileOption = "",
    output: OutputOption = Output.TABLE,
) -> None:
    """Upload a finished run to the Hugging Face Hub, with a dataset card.

    Samples are uploaded as Parquet files with images and videos in their columns; shards in another
    format are converted. A new dataset is private. The same command resumes an interrupted upload.
    Nothing is overwritten. HF_TOKEN must be a token that can write.
    """
    from vrdata.dataset.discover import open_run
    from vrdata.store.opening import open_store

    if not target.startswith("hf://"):
        raise UsageError(
            "DST is not a dataset of the Hub",  # it is not shown: it can have credentials
            fix="write hf://ORGANISATION/NAME; to copy to a bucket or folder: vrdata upload",
        )
    from vrdata.sources.hub.contents.address import dataset_of
    from vrdata.sources.hub.upload import HubUpload
    from vrdata.transfer.push import push

    store = open_store(require_source(where), endpoint=endpoint, region=region, profile=aws_profile)
    run = open_run(store)
    result = push(run, HubUpload(dataset_of(target)), dry_run=dry_run, report=_report)
    if output is Output.JSON:
        print_json(result.to_dict())
    else:
        stdout.print(_line(result, "would upload" if dry_run else "uploaded"), markup=False)
        stdout.print(result.url, markup=False)
    for name in result.kept:
        stderr.print(f"note: {name} of the dataset was changed on the Hub, and is kept")


def _report(result: Pushed) -> None:
    stderr.print(_line(result, "uploaded"), markup=False)


def _line(result: Pushed, verb: str) -> str:
    return (
        f"{verb} {count(result.uploaded, 'file')} ({result.bytes / 1e6:.1f} MB) of {result.files}, "
        f"{result.skipped} already there"
    )
