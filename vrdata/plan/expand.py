"""Resolve the generators that a run names against a catalogue. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase

from vrdata.api.run import GenerationRunSpec
from vrdata.api.selection import GeneratorSelection
from vrdata.errors import InvalidInputError, UnknownGeneratorError
from vrdata.plan.catalogue import Catalogue, CatalogueEntry
from vrdata.plan.places import check_places

# A class, or a word before a number, as in `Multi-01`.
_PREFIX = re.compile(r"(?:[OGM]|[A-Z]+(?=[-_][0-9]))(?=[-_])", re.IGNORECASE)
GLOB_CLASSES = ("O", "G")  # importers (M) read existing data and must be named


@dataclass(frozen=True, slots=True)
class Chosen:
    """A catalogue entry and the selection that it comes from."""

    entry: CatalogueEntry
    selection: GeneratorSelection

    @property
    def name(self) -> str:
        """Its name in ids, keys and metrics: of a converter, the one that the run gives it."""
        return self.selection.name if self.selection.converter else self.entry.name


def check_spec(spec: GenerationRunSpec) -> None:
    """Check the fields that do not depend on the catalogue.

    Raises:
        InvalidInputError: a field has a value that this release cannot apply.
    """
    if spec.dedup.enabled:
        raise InvalidInputError(
            "spec.dedup.enabled: replacing duplicates is not available in this release",
            why="duplicates are counted in dataset.json and shown in the report",
            fix="set it to false",
        )


def expand(spec: GenerationRunSpec, catalogue: Catalogue) -> list[Chosen]:
    """The generators of a run, sorted by name.

    An exact name wins over a glob; of several globs that match, the first one wins.

    Raises:
        InvalidInputError: a name is not in the catalogue, a glob matches nothing, or a
            generator takes no seed and the run does not allow that; or args are given to one
            that has no command line.
    """
    entries = {entry.name: entry for entry in catalogue.generators}
    chosen: dict[str, Chosen] = {}
    problems: list[str] = []
    for place, selection in enumerate(spec.generators):
        where = f"spec.generators[{place}].name"
        if is_glob(selection.name):
            matches = glob_matches(selection.name, catalogue)
            if not matches:
                problems.append(f"{where}: {selection.name} matches no O- or G-class generator")
            for entry in matches:
                chosen.setdefault(entry.name, Chosen(entry, selection))
        elif selection.catalogue_name not in entries:
            problems.append(f"{where}: {_unknown(selection.catalogue_name, entries)}")
    for selection in spec.generators:
        if selection.catalogue_name in entries:
            chosen[selection.name] = Chosen(entries[selection.catalogue_name], selection)
    if problems:
        raise UnknownGeneratorError(
            "the run names generators that the catalogue does not have",
            why="; ".join(problems),
            fix="see `vrdata generators list`; add one with `vrdata generators add`",
        )
    _check_sources(chosen)
    _check_rows(spec, chosen)
    _check_options(chosen)
    _refuse_unseeded(spec, chosen)
    _refuse_unread_args(chosen)
    return [chosen[name] for name in sorted(chosen)]


def overlaps(spec: GenerationRunSpec, chosen: Iterable[Chosen]) -> list[str]:
    """Which entry of a run is used where another one matches too, one text for each such pair.

    Args:
        spec: the run's.
        chosen: what `expand` made of it.
    """
    pairs: Counter[tuple[str, str]] = Counter()
    for item in chosen:
        if item.entry.generator_class not in GLOB_CLASSES:
            continue
        for other in spec.generators:
            if other.name != item.selection.name and matches(item.entry.name, other.name):
                pairs[item.selection.name, other.name] += 1
    return [
        f"entry {used} is used where {other} matches too: {count} generator{'s'[: count > 1]}"
        for (used, other), count in sorted(pairs.items())
    ]


def is_glob(name: str) -> bool:
    """Whether a selection is a glob."""
    return any(letter in name for letter in "*?[")


def matches(name: str, glob: str) -> bool:
    """Whether a glob matches a name, in any spelling of its prefix: `O-`, `O_`, `o_`, `Multi_1`."""
    spellings = [name]
    if found := _PREFIX.match(name):
        rest = name[found.end() + 1 :]
        spellings += [f"{found.group().capitalize()}{mark}{rest}" for mark in "-_"]
    return any(fnmatchcase(spelling, glob) for spelling in spellings)


def globs_of(spec: GenerationRunSpec) -> tuple[str, ...] | None:
    """The globs of a run in its order, None when it has none."""
    return tuple(item.name for item in spec.generators if is_glob(item.name)) or None


def glob_matches(glob: str, catalogue: Catalogue) -> list[CatalogueEntry]:
    """The entries that match a glob."""
    return [
        entry
        for entry in catalogue.generators
        if entry.generator_class in GLOB_CLASSES and matches(entry.name, glob)
    ]


def _unknown(name: str, entries: dict[str, CatalogueEntry]) -> str:
    close = get_close_matches(name, entries, n=3, cutoff=0.5)
    hint = f"; did you mean {', '.join(close)}?" if close else ""
    return f"no generator {name}{hint}"


def _check_sources(chosen: dict[str, Chosen]) -> None:
    """A converter needs a source, a pipeline can have sources; generators have none."""
    for name, item in sorted(chosen.items()):
        check_places(name, item.entry, item.selection)
        converts, source = item.entry.kind == "converter", item.selection.source
        if converts and source is None:
            raise InvalidInputError(
                f"{name} has no source",
                why=f"{item.entry.name} is a converter: it reads existing data",
                fix="set source.url of its entry in spec.generators",
            )
        if source is not None and not converts:
            raise InvalidInputError(
                f"{name} reads no source",
                why=f"{item.entry.name} is a generator: it makes data",
                fix="remove its source, or name a converter: see `vrdata generators list`",
            )


def _check_rows(spec: GenerationRunSpec, chosen: dict[str, Chosen]) -> None:
    """Rows have no files, so only one format stores them."""
    gives_rows = sorted(name for name, item in chosen.items() if item.entry.rows)
    found: str = spec.output.format
    if gives_rows and found != "parquet":
        raise InvalidInputError(
            f"output.format {found} does not store rows",
            why=f"these converters give rows instead of samples: {', '.join(gives_rows)}",
            fix="set output.format to parquet",
        )


def _check_options(chosen: dict[str, Chosen]) -> None:
    """The args of a converter are its options."""
    for name, item in sorted(chosen.items()):
        for option in item.selection.args if item.entry.kind == "converter" else ():
            if not option.partition("=")[1] or option.startswith("="):
                raise InvalidInputError(
                    f"{name} has the argument {option!r}",
                    why=f"{item.entry.name} is a converter: its args are options, NAME=VALUE",
                    fix="write it as NAME=VALUE, such as final=solution, or remove it",
                )


def _refuse_unseeded(spec: GenerationRunSpec, chosen: dict[str, Chosen]) -> None:
    unseeded = sorted(name for name, item in chosen.items() if not item.entry.seeded)
    if unseeded and not spec.allow_nondeterministic:
        raise InvalidInputError(
            f"not reproducible: {', '.join(unseeded)}",
            why="these generators have no seed flag, or gave other bytes with the same seed",
            fix="remove them, or set spec.allowNondeterministic to true",
        )


def _refuse_unread_args(chosen: dict[str, Chosen]) -> None:
    deaf = sorted(
        name
        for name, item in chosen.items()
        if item.selection.args and item.entry.kind not in {"repository", "converter", "pipeline"}
    )
    if deaf:
        raise InvalidInputError(
            "args are set for generators that have no command line",
            why=f"these use the API of vrdata_generators: {', '.join(deaf)}",
            fix="remove args for them; set args only for generator repositories, by name",
        )
