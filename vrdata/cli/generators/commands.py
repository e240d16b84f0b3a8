"""`vrdata generators`: add, list, test, profile, catalog, remove, new, requirements."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vrdata.cli.common import Output, OutputOption, handle_errors, print_json, stderr, stdout
from vrdata.cli.generators.add import add_command
from vrdata.cli.generators.check import check_command
from vrdata.cli.generators.common import HomeOption, open_home
from vrdata.cli.generators.new import new_command
from vrdata.cli.generators.profile import profile_command
from vrdata.text import count

generators_app = typer.Typer(
    name="generators",
    help="Add, list and test generators. Adding or testing a generator runs its code.",
    no_args_is_help=True,
)


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    generators_app.command("add")(add_command)
    generators_app.command("test")(check_command)
    generators_app.command("profile")(profile_command)
    generators_app.command("new")(new_command)
    app.add_typer(generators_app)


@generators_app.command("list")
@handle_errors
def list_command(home: HomeOption = None, output: OutputOption = Output.TABLE) -> None:
    """List the generators that a run can name: first-party and added ones."""
    from vrdata_generators.adapter.home import load_catalogue_with_builtin
    from vrdata_generators.adapter.presentation import COLUMNS, row

    catalogue, _ = load_catalogue_with_builtin(open_home(home))
    if output is Output.JSON:
        print_json([entry.to_dict() for entry in catalogue.generators])
        return
    rows = [COLUMNS, *(row(entry) for entry in catalogue.generators)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for cells in rows:
        line = "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
        stdout.print(line.rstrip(), markup=False)


@generators_app.command("catalog")
@handle_errors
def catalog_command(
    file: Annotated[
        Path | None, typer.Option("--output", help="File to write; default: standard output.")
    ] = None,
    home: HomeOption = None,
) -> None:
    """Write the catalogue of the added generators; its paths are relative to the file."""
    from vrdata_generators.adapter.home import write_atomically
    from vrdata_generators.adapter.presentation import relocated

    place = open_home(home)
    catalogue = place.read()
    if file is None:
        print_json(catalogue.to_dict())
        return
    target = file.expanduser().absolute()
    catalogue = relocated(catalogue, place.path, target.parent)
    text = catalogue.model_dump_json(by_alias=True, indent=2, exclude_none=True)
    write_atomically(target, text + "\n")
    stderr.print(f"{count(len(catalogue.generators), 'generator')} written to {file}", markup=False)


@generators_app.command("remove")
@handle_errors
def remove_command(
    name: Annotated[str, typer.Argument(help="Name in the catalogue.")], home: HomeOption = None
) -> None:
    """Remove an added generator, its copy, and its environment if no other one uses it."""
    from vrdata_generators.adapter.keeping import remove

    entry = remove(open_home(home), name)
    stderr.print(f"{entry.name} removed", markup=False)


@generators_app.command("requirements")
@handle_errors
def requirements_command(home: HomeOption = None, output: OutputOption = Output.TABLE) -> None:
    """Show the distinct requirement sets of added generators, and the generators with each."""
    from vrdata_generators.adapter.presentation import requirement_sets

    views = requirement_sets(open_home(home).read().generators)
    if output is Output.JSON:
        print_json(
            [
                {
                    "environment": view.environment,
                    "requirements": list(view.requirements),
                    "generators": list(view.generators),
                }
                for view in views
            ]
        )
        return
    for view in views:
        title = view.environment or "the environment of the worker"
        stdout.print(f"{title}: {', '.join(view.generators)}", markup=False)
        for line in view.requirements:
            stdout.print(f"  {line}", markup=False)
