"""What the `vrdata generators` commands share."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vrdata.cli.common import stderr
from vrdata.errors import UsageError

if TYPE_CHECKING:
    from vrdata.hermetic import Hermetic
    from vrdata_generators.adapter.home import Home

HomeOption = Annotated[
    Path | None,
    typer.Option(
        "--home",
        envvar="VRDATA_GENERATORS",
        help="Folder of the added generators. Default: ~/.local/share/vrdata/generators.",
    ),
]


def open_home(folder: Path | None) -> Home:
    """The home named by an option, else the default one; it need not exist."""
    from vrdata_generators.adapter.home import Home, default_home

    path = folder.expanduser().absolute() if folder else default_home()
    if path.exists() and not path.is_dir():
        raise UsageError(
            f"the home {path} is a file, not a folder",
            fix="name a folder with --home or VRDATA_GENERATORS",
        )
    return Home(path)


def warn_about_level(levels: Iterable[Hermetic | None]) -> None:
    """Print one warning if the kernel did not sandbox the generators that were run."""
    found = next((level for level in levels if level is not None and level.effect), None)
    if found is not None:
        stderr.print(f"warning: {found.effect}; fix: {found.fix}", markup=False)


def say(line: str) -> None:
    """Tell what is being done, on standard error."""
    stderr.print(line, style="dim", markup=False)
