"""Catalogue contents as tables and files that people and scripts read. Pure."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from vrdata.plan.catalogue import Catalogue, CatalogueEntry


@dataclass(frozen=True, slots=True)
class RequirementUse:
    """One distinct set of requirements, and the generators that use it.

    Attributes:
        environment: folder of its environment, relative to the catalogue; "" = that of the worker.
    """

    environment: str
    requirements: tuple[str, ...]
    generators: tuple[str, ...]


def requirement_sets(entries: Iterable[CatalogueEntry]) -> tuple[RequirementUse, ...]:
    """The distinct requirement sets, the most used first."""
    users: dict[tuple[str, tuple[str, ...]], list[str]] = defaultdict(list)
    for entry in entries:
        environment = str(Path(entry.python).parent.parent) if entry.python else ""
        users[environment, entry.requirements].append(entry.name)
    views = [
        RequirementUse(environment, requirements, tuple(sorted(names)))
        for (environment, requirements), names in users.items()
    ]
    return tuple(sorted(views, key=lambda view: (-len(view.generators), view.environment)))


def relocated(catalogue: Catalogue, home: Path, folder: Path) -> Catalogue:
    """The same catalogue, with its paths relative to another folder.

    Args:
        catalogue: its paths are relative to `home`.
        home: an absolute folder.
        folder: the absolute folder that the catalogue file will be in.
    """

    def move(path: str) -> str:
        return os.path.relpath(home / path, folder) if path else ""

    entries = tuple(
        entry.model_copy(update={"path": move(entry.path), "python": move(entry.python)})
        for entry in catalogue.generators
    )
    return Catalogue(generators=entries)


def row(entry: CatalogueEntry) -> tuple[str, ...]:
    """A row of `vrdata generators list`; its columns are COLUMNS."""
    measured = entry.measured
    return (
        entry.name,
        entry.generator_class,
        entry.kind,
        entry.mode,
        "yes" if entry.seeded else "no",
        "on" if entry.acceleration.enabled else "off",
        f"{measured.seconds_per_sample:.3g}" if measured else "",
        f"{measured.peak_memory_bytes / 2**20:.0f}" if measured else "",
        entry.license,
        entry.digest.removeprefix("sha256:")[:12],
    )


COLUMNS = (
    "NAME",
    "CLASS",
    "KIND",
    "MODE",
    "SEEDED",
    "ACCEL",
    "S/SAMPLE",
    "MIB",
    "LICENCE",
    "DIGEST",
)
