"""Add a generator to a home: everything is tried in a private folder, then kept as a whole."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from vrdata.errors import InvalidInputError, NotFoundError, VrdataError
from vrdata.plan.catalogue import Catalogue, CatalogueEntry, GeneratorClass
from vrdata_generators.adapter.digest import files_digest
from vrdata_generators.adapter.environment.build import EnvironmentMaker
from vrdata_generators.adapter.home import Home, write_atomically
from vrdata_generators.adapter.preparing import Prepared, prepare
from vrdata_generators.adapter.proof.facts import BLOCK_SIZE, Facts, find_facts
from vrdata_generators.adapter.source.licences import forbids_commercial_use, licence_of
from vrdata_generators.adapter.source.naming import check_name, class_of, without_credentials
from vrdata_generators.adapter.source.sources import Located, Source, open_source
from vrdata_worker.image.catalogues import builtin_catalogue
from vrdata_worker.image.versions import child_digest


@dataclass(frozen=True, slots=True)
class Added:
    """One generator that is in the catalogue now.

    Attributes:
        already: it was there before, with the same digest.
        other_flags: flags of its script that a run may set by `args`.
    """

    entry: CatalogueEntry
    warnings: tuple[str, ...]
    already: bool = False
    other_flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Failed:
    """One generator that was not added, and why."""

    name: str
    error: VrdataError


@dataclass(frozen=True, slots=True)
class Adder:
    """Adds generators to one home.

    Attributes:
        maker: makes environments.
        proven: make a block both ways; without it acceleration stays off.
        say: told what is being done, one line each.
    """

    home: Home
    maker: EnvironmentMaker
    proven: bool
    say: Callable[[str], None]

    def add(self, source: Source) -> Iterator[Added | Failed]:
        """Add every generator of a source; one that cannot be added leaves nothing behind."""
        try:
            with self.home.staging() as staging:
                for number, located in enumerate(open_source(source, staging)):
                    folder = staging / str(number)
                    folder.mkdir()
                    try:
                        yield self._add(located, source.generator_class, folder)
                    except VrdataError as error:
                        yield Failed(located.name, error)
        except VrdataError as error:
            yield Failed(source.name or without_credentials(source.address), error)

    def _add(self, located: Located, given: GeneratorClass | None, folder: Path) -> Added:
        name = check_name(located.name)
        generator_class = class_of(name, given)
        if builtin_catalogue().get(name) is not None:
            raise _name_taken(name, "vrdata has a generator of its own with this name")
        self.say(f"{name}: copying")
        prepared = prepare(located.found, folder, self.maker, self.say)
        standing = self.home.read().get(name)
        if standing is not None:
            return _already(standing, prepared)
        facts = self._facts(name, prepared, folder)
        if files_digest(prepared.root) != prepared.files:
            raise InvalidInputError(
                f"generator {name} changes files of its own folder while it makes samples",
                why="blocks that are made at the same time would change each other",
                fix="make it write below its output folder or the temporary folder only",
            )
        entry = _entry(located, generator_class, prepared, facts, self.home)
        self._keep(entry, prepared)
        return Added(entry, _all_warnings(entry, facts), other_flags=prepared.flags.others)

    def _facts(self, name: str, prepared: Prepared, folder: Path) -> Facts:
        known = self.home.probes / f"{prepared.digest[7:]}-{child_digest()}.json"
        if known.exists():
            try:
                return Facts.model_validate_json(known.read_bytes())
            except ValidationError:
                known.unlink()  # of another version of vrdata
        self.say(f"{name}: making a block {'in several ways' if self.proven else 'once'}")
        facts = find_facts(name, prepared, folder, proven=self.proven)
        if self.proven:
            write_atomically(known, facts.model_dump_json(by_alias=True, exclude_none=True))
        return facts

    def _keep(self, entry: CatalogueEntry, prepared: Prepared) -> None:
        target = self.home.path / entry.path
        with self.home.exclusive() as catalogue:
            if catalogue.get(entry.name) is not None:
                raise _name_taken(entry.name, "it was added at the same time")
            shutil.rmtree(target, ignore_errors=True)
            prepared.root.replace(target)
            self.home.write(Catalogue(generators=(*catalogue.generators, entry)))


def remove(home: Home, name: str) -> CatalogueEntry:
    """Take a generator out of a home, with its copy, and its environment if nobody else uses it.

    Raises:
        NotFoundError: the home does not hold it.
    """
    with home.exclusive() as catalogue:
        entry = catalogue.get(name)
        if entry is None:
            raise NotFoundError(
                f"generator {name} was not added to {home.path}",
                fix="see `vrdata generators list`; vrdata's own generators stay",
            )
        others = tuple(other for other in catalogue.generators if other.name != name)
        home.write(Catalogue(generators=others))
    shutil.rmtree(home.path / entry.path, ignore_errors=True)
    if entry.python and all(other.python != entry.python for other in others):
        environment = (home.path / entry.python).parent.parent
        if environment.parent == home.environments:
            shutil.rmtree(environment, ignore_errors=True)
    return entry


def _entry(
    located: Located,
    generator_class: GeneratorClass,
    prepared: Prepared,
    facts: Facts,
    home: Home,
) -> CatalogueEntry:
    flags = prepared.flags.flags
    path = home.repositories / f"{located.name}-{prepared.digest[7:19]}"
    return CatalogueEntry(
        name=located.name,
        generator_class=generator_class,
        kind=prepared.kind,
        digest=prepared.digest,
        path=str(path.relative_to(home.path)),
        python=os.path.relpath(prepared.python, home.path) if prepared.python else "",
        mode=facts.mode,
        flags=flags,
        seeded=_takes_seed(prepared) and facts.deterministic is not False,
        block_size=BLOCK_SIZE,
        acceleration=facts.acceleration,
        measured=facts.measured,
        domain=facts.domain,
        requirements=prepared.requirements,
        license=licence_of(prepared.root),
        source=located.origin,
        commit=located.commit,
    )


def _takes_seed(prepared: Prepared) -> bool:
    return prepared.kind != "repository" or prepared.flags.flags.seed is not None


def _all_warnings(entry: CatalogueEntry, facts: Facts) -> tuple[str, ...]:
    warnings = list(facts.warnings)
    if entry.kind == "repository" and entry.flags.seed is None:
        warnings.append("it has no seed flag; a run must allow nondeterminism to use it")
    if forbids_commercial_use(entry.license):
        warnings.append(f"its licence, {entry.license}, forbids commercial use")
    if not entry.license:
        warnings.append("it has no licence file")
    return tuple(warnings)


def _already(standing: CatalogueEntry, prepared: Prepared) -> Added:
    if standing.digest != prepared.digest:
        raise _name_taken(standing.name, "a generator with other files or versions has it")
    return Added(standing, (), already=True)


def _name_taken(name: str, why: str) -> InvalidInputError:
    return InvalidInputError(
        f"the name {name} is taken",
        why=why,
        fix=f"choose another: --name NAME, or `vrdata generators remove {name}` first",
    )
