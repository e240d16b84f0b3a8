"""The catalogue a worker sees: first-party generators and the given catalogue files."""

from __future__ import annotations

from dataclasses import dataclass, replace
from operator import itemgetter
from pathlib import Path

from pydantic import ValidationError

from vrdata.errors import InvalidInputError, NotFoundError
from vrdata.plan.catalogue import Catalogue, CatalogueEntry
from vrdata.plan.planned import Plan
from vrdata.text import decode

REPLACED = "replaced.json"
"""Beside a catalogue file: the entries that newer ones have replaced."""


@dataclass(frozen=True, slots=True)
class Located:
    """A catalogue entry and the folder its relative paths start from.

    Attributes:
        name: what a run calls it; a converter can have another name than in the catalogue.
    """

    entry: CatalogueEntry
    base: Path
    name: str = ""


def builtin_catalogue() -> Catalogue:
    """The first-party generators, and the converters of installed packages, sorted by name.

    Raises:
        InvalidInputError: two have the same name.
    """
    # They hash their sources.
    from vrdata_generators.builtin.catalogue import builtin_entries  # noqa: PLC0415
    from vrdata_generators.converters.catalogue import converter_entries  # noqa: PLC0415

    try:
        entries = [*builtin_entries(), *converter_entries()]
    except ValueError as error:
        raise InvalidInputError(
            str(error),
            why="a name in the catalogue belongs to one generator or converter",
            fix="uninstall one of the packages, or rename its entry point",
        ) from None
    return Catalogue.model_validate({"generators": sorted(entries, key=itemgetter("name"))})


def read_catalogue(path: Path) -> Catalogue:
    """Read one catalogue file.

    Raises:
        NotFoundError: there is no such file.
        InvalidInputError: it is not a catalogue.
    """
    try:
        return Catalogue.model_validate_json(decode(path.read_bytes()))
    except FileNotFoundError:
        raise NotFoundError(
            f"no catalogue at {path}",
            fix="add generators with `vrdata generators add`, or name another folder",
        ) from None
    except OSError as error:
        raise NotFoundError(f"{path} cannot be read", why=str(error)) from None
    except UnicodeDecodeError as error:
        raise InvalidInputError(
            f"{path} is not a generator catalogue",
            why=f"it is not UTF-8 text: {error.reason}",
            fix="generate it again with `vrdata generators catalog`",
        ) from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the document"
        raise InvalidInputError(
            f"{path} is not a generator catalogue",
            why=f"{where}: {first['msg']}",
            fix="generate it again with `vrdata generators catalog`",
        ) from None


def locate(paths: tuple[Path, ...]) -> dict[str, Located]:
    """All generators by name.

    Raises:
        InvalidInputError: two catalogues contain the same name.
        NotFoundError: a catalogue file does not exist.
    """
    found = {entry.name: Located(entry, Path()) for entry in builtin_catalogue().generators}
    origin = dict.fromkeys(found, "the first-party generators")
    for path in paths:
        for entry in read_catalogue(path).generators:
            if entry.name in found:
                raise InvalidInputError(
                    f"generator {entry.name} is in {path} and in {origin[entry.name]}",
                    fix="rename one: `vrdata generators add --name NEW …`",
                )
            found[entry.name] = Located(entry, path.parent)
            origin[entry.name] = str(path)
    return found


def locate_planned(paths: tuple[Path, ...], plan: Plan) -> dict[str, Located]:
    """All generators by name; one that was replaced since the run began, as it was planned.

    A converter has the name that the run gives it, too.

    Raises:
        InvalidInputError, NotFoundError: as locate.
    """
    found = locate(paths)
    for planned in plan.generators:
        there = found.get(planned.catalogue_name)
        if there is not None and there.entry.digest != planned.digest:
            file = there.base / REPLACED
            old = read_catalogue(file).get(planned.catalogue_name) if file.is_file() else None
            if old is not None and old.digest == planned.digest:
                there = Located(old, there.base)
        if there is not None:
            found[planned.name] = replace(there, name=planned.name)
    return found
