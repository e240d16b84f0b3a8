"""Put a generator into a home, replace it, or take it out: its copy, environment and entry.

A run that is in progress may still read the copy and the environment of a replaced generator.
So they stay until it is replaced again or removed; `replaced.json` has its entry.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from vrdata.errors import InvalidInputError, NotFoundError
from vrdata.plan.catalogue import Catalogue, CatalogueEntry
from vrdata_generators.adapter.digest import files_digest
from vrdata_generators.adapter.home import Home


def keep(home: Home, entry: CatalogueEntry, root: Path, *, replace: bool) -> None:
    """Move a prepared copy into the home and write its entry; both, or neither.

    Args:
        home: the home.
        entry: the new entry.
        root: the copy, on the file system of the home.
        replace: replace the entry with this name, if there is one.

    Raises:
        InvalidInputError: the name is taken; never with `replace`.
        OSError: the disk is full; the old entry is unchanged.
    """
    with home.exclusive() as catalogue:
        old = catalogue.get(entry.name)
        if old is not None and not replace:
            raise name_taken(entry.name, "another process has just added it")
        others = tuple(other for other in catalogue.generators if other.name != entry.name)
        target = home.path / entry.path
        added = not _has_copy(target, root)
        if added:
            shutil.rmtree(target, ignore_errors=True)
            root.replace(target)
        try:
            home.write(Catalogue(generators=(*others, entry)))
        except BaseException:
            if added:
                shutil.rmtree(target, ignore_errors=True)
            raise
        if old is not None and old.digest != entry.digest:
            _set_replaced(home, old.name, old, in_use=(*others, entry, old))


def remove(home: Home, name: str) -> CatalogueEntry:
    """Remove a generator and its copies from a home, and environments that no other one uses.

    Raises:
        NotFoundError: the generator is not in this home.
    """
    with home.exclusive() as catalogue:
        entry = catalogue.get(name)
        if entry is None:
            raise NotFoundError(
                f"generator {name} is not in {home.path}",
                fix="see `vrdata generators list`; first-party generators cannot be removed",
            )
        others = tuple(other for other in catalogue.generators if other.name != name)
        home.write(Catalogue(generators=others))
        _set_replaced(home, name, None, in_use=others)
        _delete(home, entry, others)
    return entry


def name_taken(name: str, why: str) -> InvalidInputError:
    """The error for a name that another generator has."""
    return InvalidInputError(
        f"the name {name} is taken",
        why=why,
        fix="to replace that generator, use --replace; otherwise choose another name with "
        "--name NAME",
    )


def _has_copy(target: Path, root: Path) -> bool:
    """Whether the copy already exists: a replaced generator is added again."""
    return target.is_dir() and files_digest(target) == files_digest(root)


def _set_replaced(
    home: Home, name: str, entry: CatalogueEntry | None, *, in_use: Iterable[CatalogueEntry]
) -> None:
    """Record the replaced entry of a name, and delete the copy of the one before it."""
    recorded = home.read_replaced()
    before = recorded.get(name)
    others = tuple(other for other in recorded.generators if other.name != name)
    home.write_replaced(Catalogue(generators=others if entry is None else (*others, entry)))
    if before is not None:
        _delete(home, before, (*in_use, *others))


def _delete(home: Home, entry: CatalogueEntry, in_use: Iterable[CatalogueEntry]) -> None:
    """Delete the copy and the environment of an entry, unless another entry has the same."""
    used = tuple(in_use)
    if all(other.path != entry.path for other in used):
        shutil.rmtree(home.path / entry.path, ignore_errors=True)
    if entry.python and all(other.python != entry.python for other in used):
        environment = (home.path / entry.python).parent.parent
        if environment.parent == home.environments:
            shutil.rmtree(environment, ignore_errors=True)
