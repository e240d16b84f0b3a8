"""`vrdata doctor`."""

from __future__ import annotations

import platform
import sys
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from vrdata.cli.common import Output, OutputOption, handle_errors, print_json, stdout
from vrdata.cli.failures import LOCAL, require
from vrdata.cli.sources import AwsProfileOption, EndpointOption, RegionOption
from vrdata.errors import ExitCode

if TYPE_CHECKING:
    from vrdata.contract.worker import StoreSettings

_MARKS = {"ok": "ok     ", "warning": "warning", "failed": "FAILED "}


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("doctor")(doctor_command)


@handle_errors
def doctor_command(
    store: Annotated[
        str, typer.Option("--store", help="Also check this folder or s3://bucket/prefix.")
    ] = "",
    scratch: Annotated[str, typer.Option("--scratch", help="Folder for temporary files.")] = "",
    endpoint: EndpointOption = "",
    region: RegionOption = "",
    aws_profile: AwsProfileOption = "",
    output: OutputOption = Output.TABLE,
) -> None:
    """Check this machine, one line for each check; exit 1 if a check fails.

    The check of the sandbox starts one and shows how far the kernel sandboxes generators. With
    --store s3://bucket/prefix, the checks also show whose credentials are used (without secrets)
    and whether they can list, write without overwriting, read and delete objects. They write small
    objects below _vrdata/probe/ and delete them.
    """
    from vrdata.local.doctor import checked, examine

    settings = _settings(store, endpoint, region, aws_profile)
    results = []
    for result in chain((checked("python", _python),), examine(scratch, settings)):
        results.append(result)
        if output is Output.TABLE:
            stdout.print(f"{_MARKS[result.state]} {result.check}: {result.detail}", markup=False)
    if output is Output.JSON:
        print_json([result.to_dict() for result in results])
    if any(result.state == "failed" for result in results):
        raise typer.Exit(int(ExitCode.FAILED))


def _python() -> tuple[Literal["ok"], str]:
    require(LOCAL, "a run on this machine")
    return "ok", f"{platform.python_version()}, {sys.executable}"


def _settings(store: str, endpoint: str, region: str, aws_profile: str) -> StoreSettings | None:
    from vrdata.contract.worker import StoreSettings

    if not store:
        return None
    url = store if "://" in store else str(Path(store).absolute())
    return StoreSettings(url=url, endpoint=endpoint, region=region, aws_profile=aws_profile)
