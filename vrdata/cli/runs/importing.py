"""`vrdata import`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from vrdata.cli.common import Output, OutputOption, handle_errors, output_url, stderr
from vrdata.cli.failures import LOCAL, require
from vrdata.cli.runs.showing import detect_mode, print_summary, run_progress, say, say_damaged
from vrdata.errors import ExitCode, InvalidInputError, OutputConflictError, UsageError

if TYPE_CHECKING:
    from vrdata.local.importing.request import ImportRequest
    from vrdata.local.run import Prepared
    from vrdata.model import OutputFormat

_ANOTHER_OUTPUT = (
    "use another --output; to continue this import, use the version of vrdata that began it"
)


class ImportFormat(StrEnum):
    """How imported data is written."""

    FOLDERS = "folders"
    WEBDATASET = "webdataset"
    TAR = "tar"
    FILES = "files"
    PARQUET = "parquet"


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("import")(import_command)


@handle_errors
def import_command(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME|URL",
            help="A known dataset (videothinkbench), hf://ORGANISATION/NAME, s3://BUCKET/PREFIX, "
            "a folder, or a Parquet, Arrow, JSONL or CSV file, also compressed (.jsonl.gz).",
        ),
    ],
    split: Annotated[
        str, typer.Option("--split", help="Split (default: the dataset's only one).")
    ] = "",
    limit: Annotated[
        int,
        typer.Option(
            "--limit",
            min=0,
            help="The first N items of all configurations; 0 = all.",
        ),
    ] = 0,
    out: Annotated[
        str,
        typer.Option(
            "--output", help="Where to write the samples: a folder; with --format also s3://."
        ),
    ] = "data/questions",
    config: Annotated[
        list[str] | None,
        typer.Option(
            "--config", help="Configuration; repeatable (default: all known ones, or the only one)."
        ),
    ] = None,
    revision: Annotated[
        str, typer.Option("--revision", help="Branch, tag or commit (default: main).")
    ] = "",
    mapping: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            metavar="FIELD=COLUMN",
            help="Read a field of the samples from another column, such as final=solution; "
            "repeatable.",
        ),
    ] = None,
    block_size: Annotated[
        int,
        typer.Option(
            "--block-size",
            min=0,
            max=1000,
            help="Items that a process converts, and whose files it has on its disk; 0 = 25. "
            "Changing it changes metadata.json.",
        ),
    ] = 0,
    output_format: Annotated[
        ImportFormat,
        typer.Option(
            "--format",
            help="folders: {domain}_task/{id}/ in the output; the others: the data of a run.",
        ),
    ] = ImportFormat.FOLDERS,
    jobs: Annotated[
        int,
        typer.Option(
            "--jobs", "-j", min=0, max=256, help="Number of concurrent converters; 0 = automatic."
        ),
    ] = 0,
    output: OutputOption = Output.TABLE,
) -> None:
    """Import an existing dataset. The same command resumes it, and changes nothing if it is done.

    Exit codes: 0 all items were imported, 4 some were skipped, 1 none could be imported.
    """
    from vrdata.local.importing.known import find_dataset
    from vrdata.local.importing.request import import_request

    require(LOCAL, "an import")
    path = Path(name).expanduser()
    request = import_request(
        find_dataset(name, path=str(path.absolute()) if path.exists() else ""),
        configs=tuple(config or ()),
        split=split,
        revision=revision,
        limit=limit,
        options=_options(mapping or []),
        block_size=block_size,
    )
    try:
        if output_format is ImportFormat.FOLDERS:
            _import_folders(request, out, jobs, output)
        else:
            _import_run(request, out, cast("OutputFormat", output_format.value), jobs, output)
    except KeyboardInterrupt:
        stderr.print("interrupted; committed shards are kept. The same command resumes the import.")
        raise typer.Exit(int(ExitCode.INTERRUPTED)) from None


def _import_folders(request: ImportRequest, out: str, jobs: int, output: Output) -> None:
    from vrdata.local.complete import complete
    from vrdata.local.importing.finish import finish_import
    from vrdata.local.importing.places import places_of

    places = places_of(out)
    prepared = _prepare(request, str(places.runs), "files", jobs)
    summary = complete(prepared, run_progress, detect=False, again=say_damaged, say=say)
    if not summary.dataset_hash:  # shards failed: the run is not complete
        print_summary(summary, output)
        raise typer.Exit(int(summary.exit_code))
    imported = finish_import(prepared, summary, request, places)
    print_summary(imported, output)
    raise typer.Exit(int(imported.exit_code))


def _import_run(
    request: ImportRequest, out: str, output_format: OutputFormat, jobs: int, output: Output
) -> None:
    from vrdata.local.complete import complete

    prepared = _prepare(request, output_url(out, "--output"), output_format, jobs)
    detect = detect_mode(prepared)
    summary = complete(prepared, run_progress, detect=detect, again=say_damaged, say=say)
    print_summary(summary, output)
    raise typer.Exit(int(summary.exit_code))


def _prepare(request: ImportRequest, url: str, output_format: OutputFormat, jobs: int) -> Prepared:
    from vrdata.api.profile import default_profile
    from vrdata.contract.worker import StoreSettings
    from vrdata.local.importing.columns import check_columns
    from vrdata.local.importing.refused import forget, missing_folders
    from vrdata.local.importing.request import import_run
    from vrdata.local.run import LocalOptions, prepare
    from vrdata.sources.port import SourceChangedError

    options = LocalOptions(store=StoreSettings(url=url), jobs=jobs, total=request.limit)
    created = missing_folders(url)
    try:
        prepared = prepare(import_run(request, output_format), default_profile(), options, say=say)
    except OutputConflictError as error:  # the fix is for a run file
        raise OutputConflictError(error.what, why=error.why, fix=_ANOTHER_OUTPUT) from None
    try:
        check_columns(prepared, request.options)
    except SourceChangedError:
        raise
    except InvalidInputError:
        forget(prepared, created)
        raise
    say_damaged(prepared)
    return prepared


def _options(mapping: list[str]) -> dict[str, str]:
    """`FIELD=COLUMN` pairs. Raises UsageError for another form, or a field twice."""
    found: dict[str, str] = {}
    for text in mapping:
        field, equals, column = (part.strip() for part in text.partition("="))
        if not (field and equals and column):
            raise UsageError(
                f"--map {text} is not FIELD=COLUMN",
                fix="for example --map final=solution_image",
            )
        if field in found:
            raise UsageError(f"--map names {field} twice", fix="keep one of them")
        found[field] = column
    return found
