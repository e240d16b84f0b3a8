"""`vrdata init` and `vrdata validate`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vrdata.cli.common import Output, OutputOption, handle_errors, print_json, stderr, stdout
from vrdata.cli.sources import GeneratorsOption, catalogues_in
from vrdata.errors import ExitCode, UsageError, VrdataError

if TYPE_CHECKING:
    from vrdata.plan.catalogue import Catalogue


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command("init")(init_command)
    app.command("validate")(validate_command)


@handle_errors
def init_command(
    name: Annotated[str, typer.Argument(help="Name of the run.")] = "demo",
    output: Annotated[Path, typer.Option("--output", help="The file to write.")] = Path("run.yaml"),
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> None:
    """Write a commented run file."""
    from vrdata.api.example import example_run

    text = example_run(name)
    if output.exists() and not force:
        raise UsageError(f"{output} already exists", fix="name another file, or use --force")
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"{output} cannot be written",
            why=error.strerror or str(error),
            fix="name another file with --output",
        ) from None
    stderr.print(f"wrote {output}; next: vrdata run {output} --local", markup=False)


@handle_errors
def validate_command(
    files: Annotated[
        list[Path], typer.Argument(help="Run files.", metavar="RUN.yaml…", readable=False)
    ],
    generators: GeneratorsOption = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Check run files as `vrdata run` does, without running them.

    Generators that are not on this machine can be in an image: a note names them. With
    --generators, the run can use only these and the first-party ones.
    """
    from vrdata.plan.catalogue import Catalogue
    from vrdata_worker.image.catalogues import locate

    located = locate(catalogues_in(generators))
    catalogue = Catalogue(generators=tuple(item.entry for item in located.values()))
    complete = generators is not None
    results = [_validate(path, catalogue, complete=complete) for path in files]
    valid = all(result["valid"] for result in results)
    if output is Output.JSON:
        print_json({"valid": valid, "files": results})
    else:
        for result in results:
            if result["valid"]:
                stdout.print(f"{result['file']}: valid", markup=False)
            for name in result["unknown"]:
                stderr.print(
                    f"note: {result['file']}: not checked: {name} is not on this machine "
                    "(vrdata generators list)",
                    markup=False,
                )
            for problem in result["errors"]:
                stderr.print(problem["text"], markup=False)
    if not valid:
        codes = [result["exitCode"] for result in results if not result["valid"]]
        raise typer.Exit(max(codes))


def _validate(path: Path, catalogue: Catalogue, *, complete: bool) -> dict[str, Any]:
    from vrdata.api.reading.loading import InvalidFileError, load_run
    from vrdata.plan.build import check_run

    try:
        unknown = check_run(load_run(path), catalogue, complete=complete)
    except InvalidFileError as error:
        errors = [
            {
                "line": problem.line,
                "column": problem.column,
                "path": problem.path,
                "message": problem.message,
                "text": str(problem),
            }
            for problem in error.problems
        ]
        return _result(path, errors, ExitCode.INVALID)
    except VrdataError as error:
        text = str(error) if str(path) in error.what else f"{path}: {error}"
        return _result(path, [{"message": error.what, "text": text}], error.exit_code)
    return _result(path, [], ExitCode.OK, unknown)


def _result(
    path: Path, errors: list[dict[str, Any]], code: ExitCode, unknown: tuple[str, ...] = ()
) -> dict[str, Any]:
    return {
        "file": str(path),
        "valid": not errors,
        "errors": errors,
        "unknown": list(unknown),
        "exitCode": int(code),
    }
