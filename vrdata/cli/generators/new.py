"""`vrdata generators new`."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from vrdata.cli.common import handle_errors, stderr
from vrdata.errors import InvalidInputError, UsageError, VrdataError

if TYPE_CHECKING:
    from vrdata.model import GeneratorClass


@handle_errors
def new_command(
    name: Annotated[str, typer.Argument(help="Name of the generator, such as O-my-task.")],
    generator_class: Annotated[
        str,
        typer.Option("--class", help="O, G or M. Default: the prefix of the name, such as O-."),
    ] = "",
    folder: Annotated[
        Path | None, typer.Option("--dir", help="Folder to create. Default: ./NAME.")
    ] = None,
) -> None:
    """Write a small, working generator with its test, as a start for your own; M: a converter."""
    from vrdata_generators.adapter.source.naming import check_name, class_of
    from vrdata_generators.scaffold import scaffold

    chosen = generator_class.upper()
    if chosen not in {"", "O", "G", "M"}:
        raise UsageError(f"{generator_class!r} is not a class", fix="use O, G or M")
    given = class_of(check_name(name), cast("GeneratorClass | None", chosen or None))
    target = folder or Path(name)
    try:
        files = scaffold(name, given)
    except ValueError as error:
        raise InvalidInputError(str(error), fix="choose a name such as O-my-task") from None
    _write(target, files)
    option = f" --class {given}" if chosen else ""
    # A bare name would mean the added copy once there is one.
    where = target if len(target.parts) > 1 else f"./{target}"
    stderr.print(
        f"wrote {target}; next:\n"
        f"  python -m pytest {target}    (pip install pytest)\n"
        f"  vrdata generators test {where}{' --source DATA' if given == 'M' else ''}\n"
        f"  vrdata generators add {target} --name {name}{option}",
        markup=False,
    )


def _write(target: Path, files: dict[str, str]) -> None:
    """Create the folder with all files, or leave nothing behind."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.mkdir()
    except FileExistsError:
        raise InvalidInputError(
            f"{target} already exists", fix="name another folder with --dir DIR"
        ) from None
    except OSError as error:
        raise _unwritable(target, error) from None
    try:
        for name, text in files.items():
            (target / name).write_text(text, encoding="utf-8")
    except OSError as error:
        shutil.rmtree(target, ignore_errors=True)
        raise _unwritable(target, error) from None


def _unwritable(target: Path, error: OSError) -> VrdataError:
    return UsageError(
        f"{target} cannot be written",
        why=error.strerror or str(error),
        fix="name another folder with --dir DIR",
    )
