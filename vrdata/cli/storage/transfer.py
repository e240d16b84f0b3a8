"""`vrdata download` and `vrdata upload`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vrdata.cli.common import (
    Output,
    OutputOption,
    handle_errors,
    print_json,
    stderr,
    stdout,
)
from vrdata.cli.sources import AwsProfileOption, EndpointOption, RegionOption, require_source
from vrdata.errors import ExitCode
from vrdata.text import count

if TYPE_CHECKING:
    from vrdata.store.port import ObjectStore
    from vrdata.transfer.destination import Destination
    from vrdata.transfer.result import TransferResult

PROGRESS_SECONDS = 5.0

JobsOption = Annotated[
    int, typer.Option("--jobs", "-j", min=1, max=64, help="Number of concurrent files.")
]


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command("download")(download_command)
    app.command("upload")(upload_command)


@handle_errors
def download_command(
    source: Annotated[
        str, typer.Argument(metavar="SRC", help="s3://bucket/prefix, file:///folder, or a folder.")
    ],
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Where to write the files.", readable=False)
    ],
    generator: Annotated[
        list[str] | None,
        typer.Option("--generator", help="Copy only this generator of a run; repeatable."),
    ] = None,
    jobs: JobsOption = 8,
    endpoint: EndpointOption = "",
    region: RegionOption = "",
    aws_profile: AwsProfileOption = "",
    output: OutputOption = Output.TABLE,
) -> None:
    """Copy everything in SRC to a folder. The same command resumes an interrupted copy.

    Each file is checked. Existing files with equal bytes are skipped; nothing is overwritten.
    Missing folders are created. The last line counts the files in DIR.
    """
    from vrdata.store.file.store import FileStore
    from vrdata.store.opening import open_store
    from vrdata.transfer.copy import download

    store = open_store(
        require_source(source), endpoint=endpoint, region=region, profile=aws_profile
    )
    result = download(
        store, folder, generators=generator or (), jobs=jobs, report=_Progress("downloaded")
    )
    _finish("downloaded", result, FileStore(folder), output)


@handle_errors
def upload_command(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="The folder to copy.", readable=False)
    ],
    destination: Annotated[
        str, typer.Argument(metavar="DST", help="s3://bucket/prefix, file:///folder, or a folder.")
    ],
    jobs: JobsOption = 8,
    endpoint: EndpointOption = "",
    region: RegionOption = "",
    aws_profile: AwsProfileOption = "",
    output: OutputOption = Output.TABLE,
) -> None:
    """Copy the files of a folder to DST. The same command resumes an interrupted copy.

    The digest of each file is stored with it. Existing files with equal bytes are skipped; nothing
    is overwritten. The last line counts the files at DST, as `aws s3 ls --recursive` lists them.
    """
    from vrdata.store.opening import open_store
    from vrdata.transfer.copy import upload

    store = open_store(destination, endpoint=endpoint, region=region, profile=aws_profile)
    try:
        result = upload(folder, store, jobs=jobs, report=_Progress("uploaded"))
    finally:
        print_limits(store)
    _finish("uploaded", result, store, output)


def print_limits(store: ObjectStore) -> None:
    """Print what the server was found to lack, one line each."""
    from vrdata.store.limits import describe_mode, describe_notes

    if refused := describe_mode(store.limits):
        stderr.print(
            f"warning: {refused}; each write first checks that its key is free: do not upload "
            "to one place from two machines",
            style="yellow",
            markup=False,
        )
    for note in describe_notes(store.limits):
        stderr.print(f"note: {note}", markup=False)


class _Progress:
    """Print a line to standard error every few seconds."""

    def __init__(self, verb: str) -> None:
        self._verb = verb
        self._started = self._printed = time.monotonic()

    def __call__(self, result: TransferResult) -> None:
        now = time.monotonic()
        if now - self._printed >= PROGRESS_SECONDS:
            self._printed = now
            rate = result.bytes / 1e6 / (now - self._started)
            stderr.print(f"{_line(self._verb, result)}, {rate:.1f} MB/s", markup=False)


def _line(verb: str, result: TransferResult) -> str:
    return (
        f"{verb} {count(result.transferred, 'file')} ({result.bytes / 1e6:.1f} MB), "
        f"{result.skipped} already there, {result.failed} failed"
    )


def _finish(verb: str, result: TransferResult, target: ObjectStore, output: Output) -> None:
    from vrdata.transfer.destination import count_destination

    found = count_destination(target, result)
    if output is Output.JSON:
        print_json(result.to_dict() | {"destination": found.to_dict() if found else None})
    else:
        stdout.print(_line(verb, result), markup=False)
        if found:
            stdout.print(_destination_line(found), markup=False)
    if found is None:
        stderr.print(f"note: these credentials cannot list {target.url}", markup=False)
    for item in result.to_dict()["failures"]:
        stderr.print(f"failed: {item['key']}: {item['why']}", markup=False)
    if result.failed > len(result.failures):
        stderr.print(f"… and {result.failed - len(result.failures)} more")
    raise typer.Exit(int(ExitCode.FAILED if result.failed else ExitCode.OK))


def _destination_line(found: Destination) -> str:
    more = "" if found.complete else "more than "
    return f"{found.url} contains {more}{count(found.files, 'file')} ({found.bytes / 1e6:.1f} MB)"
