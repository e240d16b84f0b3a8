"""`vrdata generators add`."""

from __future__ import annotations

from dataclasses import replace as with_fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

import typer

from vrdata.cli.common import Output, OutputOption, handle_errors, print_json, stderr, stdout
from vrdata.cli.generators.common import HomeOption, open_home, say, warn_about_level
from vrdata.cli.generators.pipelines import pipeline_of
from vrdata.errors import ExitCode, InvalidInputError, NotFoundError, UsageError
from vrdata.text import decode

if TYPE_CHECKING:
    from vrdata_generators.adapter.adding import Added, Failed
    from vrdata_generators.adapter.source.locations import GeneratorSource

ClassOption = Annotated[
    str, typer.Option("--class", help="O, G or M. Default: the prefix of the name, such as O-.")
]


@handle_errors
def add_command(
    sources: Annotated[
        list[str] | None,
        typer.Argument(help="Folders or git URLs of generators.", metavar="PATH|GIT-URL..."),
    ] = None,
    *,
    commit: Annotated[
        str, typer.Option("--commit", help="Full commit hash; required for a URL.")
    ] = "",
    name: Annotated[str, typer.Option("--name", help="Name in the catalogue.")] = "",
    generator_class: ClassOption = "",
    from_list: Annotated[
        Path | None,
        typer.Option(
            "--from",
            help="A text file with one FOLDER_OR_URL COMMIT [NAME] per line; "
            "class=G at its end sets the class, sources=FILE the sources of a pipeline.",
        ),
    ] = None,
    replace: Annotated[
        bool,
        typer.Option(
            "--replace", help="Replace a generator with the same name, for example by a new commit."
        ),
    ] = False,
    proof: Annotated[
        bool,
        typer.Option("--proof/--no-proof", help="Prove determinism, streaming and acceleration."),
    ] = True,
    source: Annotated[
        list[str] | None,
        typer.Option(
            "--source",
            metavar="URL=PLACE",
            help="Raw data of a pipeline (class M), and the folder where its script expects it. "
            "Several are possible.",
        ),
    ] = None,
    sources_file: Annotated[
        Path | None,
        typer.Option(
            "--sources", help="A YAML file with the sources of a pipeline; see docs/pipelines.md."
        ),
    ] = None,
    script: Annotated[
        str, typer.Option("--script", help="Script of a pipeline. Default: examples/generate.py.")
    ] = "",
    home: HomeOption = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Add generators: copy them, build their environments, prove how they run, catalogue them."""
    from vrdata_generators.adapter.adding import Added, Adder
    from vrdata_generators.adapter.environment.venv import VenvBuilder

    wanted = _sources(sources or [], from_list, commit, name, generator_class)
    pipeline = pipeline_of(source or [], sources_file, script)
    if pipeline is not None:
        if from_list is not None or len(wanted) > 1:
            raise UsageError("--source needs exactly one repository", fix="add one at a time")
        wanted = (with_fields(wanted[0], pipeline=pipeline),)
    place = open_home(home)
    adder = Adder(place, VenvBuilder(place.environments), proof, say, replace)
    results: list[Added | Failed] = []
    for one in wanted:
        for result in adder.add(one):
            results.append(result)
            _report(result, output)
    added = [result for result in results if isinstance(result, Added)]
    warn_about_level(one.entry.hermetic for one in added if not one.already)
    if output is Output.JSON:
        print_json(_added_json(results))
    elif len(results) > 1:
        stdout.print(f"{len(added)} added, {len(results) - len(added)} failed")
    if len(added) < len(results):
        first = next(result for result in results if not isinstance(result, Added))
        code = ExitCode.PARTIAL if len(results) > 1 else first.error.exit_code
        raise typer.Exit(int(code))


def _sources(
    addresses: list[str], from_list: Path | None, commit: str, name: str, generator_class: str
) -> tuple[GeneratorSource, ...]:
    from vrdata_generators.adapter.source.locations import GeneratorSource, parse_list

    if bool(addresses) == bool(from_list):
        raise UsageError("name folders or URLs, or one list with --from", fix="see --help")
    if generator_class.upper() not in {"", "O", "G", "M"}:
        raise UsageError(f"{generator_class!r} is not a class", fix="use O, G or M")
    chosen = cast("Literal['O', 'G', 'M'] | None", generator_class.upper() or None)
    if from_list is None:
        if len(addresses) > 1 and (name or commit):
            raise UsageError("--name and --commit need exactly one source", fix="use --from LIST")
        return tuple(GeneratorSource(address, commit, name, chosen) for address in addresses)
    if name or commit:
        raise UsageError(
            "with --from, the list gives names and commits", fix="remove --name and --commit"
        )
    try:
        text = decode(from_list.read_bytes())
    except OSError as error:
        why = error.strerror or str(error)
        raise NotFoundError(
            f"{from_list} cannot be read", why=why, fix="name the file of a list"
        ) from None
    except UnicodeDecodeError as error:
        raise InvalidInputError(
            f"{from_list} is not UTF-8 text", why=error.reason, fix="save it as UTF-8"
        ) from None
    return tuple(_completed(source, chosen) for source in parse_list(text))


def _completed(listed: GeneratorSource, chosen: Literal["O", "G", "M"] | None) -> GeneratorSource:
    """A line of a list, with the class of the command line and the sources of its file."""
    return with_fields(
        listed,
        generator_class=listed.generator_class or chosen,
        pipeline=pipeline_of([], Path(listed.sources) if listed.sources else None, listed.script),
    )


def _report(result: Added | Failed, output: Output) -> None:
    from vrdata_generators.adapter.adding import Failed

    if isinstance(result, Failed):
        stderr.print(f"{result.name}:", markup=False, end=" ")
        stderr.print("error:", style="bold red", end=" ")
        stderr.print(str(result.error), markup=False)
        return
    for warning in result.warnings:
        stderr.print(f"{result.entry.name}: warning: {warning}", markup=False)
    if output is Output.TABLE:
        stdout.print(_added_line(result), markup=False)


def _added_line(result: Added) -> str:
    entry, measured = result.entry, result.entry.measured
    if result.already:
        return f"{entry.name}: already added, nothing to do"
    done = "added"
    if result.replaced:
        old = result.replaced
        done = f"replaced {old[7:19]}" if old != entry.digest else "updated; its files are the same"
    if entry.kind == "converter":
        gives = "rows" if entry.rows else "samples"
        return f"{entry.name}: {done}; class {entry.generator_class}, converts items to {gives}"
    if entry.pipeline is not None:
        how = "in slices" if entry.pipeline.sliced else "in one shard"
        done = f"{done}; class {entry.generator_class}, converts raw data {how}"
    figures = (
        f"{measured.seconds_per_sample:.3g} s and {measured.bytes_per_sample / 1000:.0f} kB "
        f"per sample, {measured.peak_memory_bytes / 2**20:.0f} MiB"
        if measured
        else ""
    )
    accelerated = "accelerated" if entry.acceleration.enabled else "not accelerated"
    text = f"{entry.name}: {done}; class {entry.generator_class}, {entry.mode}, {accelerated}"
    others = f"\n  other flags: {' '.join(result.other_flags)}" if result.other_flags else ""
    return f"{text}; {figures}\n  acceleration: {entry.acceleration.reason}{others}"


def _added_json(results: list[Added | Failed]) -> list[dict[str, Any]]:
    from vrdata_generators.adapter.adding import Added

    return [
        {
            "name": result.entry.name,
            "already": result.already,
            "replaced": result.replaced,
            "warnings": list(result.warnings),
            "otherFlags": list(result.other_flags),
            "entry": result.entry.to_dict(),
        }
        if isinstance(result, Added)
        else {
            "name": result.name,
            "error": result.error.what,
            "why": result.error.why,
            "fix": result.error.fix,
        }
        for result in results
    ]
