"""Add generators to a home: all or nothing, staged in a private folder."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from vrdata.errors import InvalidInputError, VrdataError
from vrdata.model import GeneratorClass
from vrdata.plan.catalogue import CatalogueEntry
from vrdata.plan.pipelines import Pipeline
from vrdata_generators.adapter.digest import files_digest
from vrdata_generators.adapter.environment.venv import EnvironmentBuilder
from vrdata_generators.adapter.home import Home, write_atomically
from vrdata_generators.adapter.keeping import keep, name_taken
from vrdata_generators.adapter.pipeline.assess import PIPELINE_BLOCK_SIZE, assess_as_pipeline
from vrdata_generators.adapter.pipeline.declared import same_sources, without_sources
from vrdata_generators.adapter.prepare import Prepared, prepare
from vrdata_generators.adapter.proof.assessment import BLOCK_SIZE, Assessment, assess
from vrdata_generators.adapter.source.licences import forbids_commercial_use, licence_of
from vrdata_generators.adapter.source.locations import (
    GeneratorSource,
    LocatedGenerator,
    open_source,
)
from vrdata_generators.adapter.source.naming import check_name, class_of, without_credentials
from vrdata_generators.adapter.source.placeholders import (
    explained,
    missing_content,
    not_fetched,
)
from vrdata_worker.image.catalogues import builtin_catalogue
from vrdata_worker.image.versions import child_digest


@dataclass(frozen=True, slots=True)
class Added:
    """A generator that is now in the catalogue.

    Attributes:
        already: it was in the catalogue before, with the same digest.
        replaced: digest of the entry that it replaces, or ""; its own digest if only facts other
            than files changed.
        other_flags: flags of its script that a run may set with `args`.
    """

    entry: CatalogueEntry
    warnings: tuple[str, ...]
    already: bool = False
    replaced: str = ""
    other_flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Failed:
    """A generator that was not added, and why."""

    name: str
    error: VrdataError


@dataclass(frozen=True, slots=True)
class Adder:
    """Adds generators to one home.

    Attributes:
        environments: builds Python environments.
        proof: compare an accelerated block with a plain one; otherwise acceleration stays off.
        say: receives progress messages, one line each.
        replace: replace a generator that has the same name and another digest.
    """

    home: Home
    environments: EnvironmentBuilder
    proof: bool
    say: Callable[[str], None]
    replace: bool = False

    def add(self, source: GeneratorSource) -> Iterator[Added | Failed]:
        """Add every generator of a source; a failed one leaves nothing behind."""
        try:
            with self.home.staging() as staging:
                for number, located in enumerate(open_source(source, staging)):
                    folder = staging / str(number)
                    folder.mkdir()
                    try:
                        yield self._add(located, source, folder)
                    except (VrdataError, OSError) as error:
                        yield Failed(located.name, _as_error(error))
        except (VrdataError, OSError) as error:
            yield Failed(source.name or without_credentials(source.address), _as_error(error))

    def _add(self, located: LocatedGenerator, source: GeneratorSource, folder: Path) -> Added:
        name = check_name(located.name)
        known = self.home.read().get(name)
        generator_class = _class_of(located, source.generator_class, known)
        self._check_free(name)
        if located.fetched and located.placeholders:
            raise not_fetched(located.placeholders, located.problems)
        self.say(f"{name}: copying")
        try:
            return self._prepare_and_keep(located, generator_class, folder, source.pipeline)
        except VrdataError as error:
            raise explained(error, located.placeholders) from None

    def _check_free(self, name: str) -> None:
        """Refuse a first-party name, and one that is another folder on Linux only."""
        own = {entry.name for entry in builtin_catalogue().generators}
        for other in (*own, *(entry.name for entry in self.home.read().generators)):
            if other.lower() == name.lower() and (other in own or other != name):
                kind = "a first-party generator" if other in own else "another generator"
                raise InvalidInputError(
                    f"the name {name} is taken",
                    why=f"{kind} has the name {other}; upper and lower case do not count",
                    fix="choose another name with --name NAME",
                )

    def _prepare_and_keep(
        self,
        located: LocatedGenerator,
        generator_class: GeneratorClass,
        folder: Path,
        pipeline: Pipeline | None,
    ) -> Added:
        name = located.name
        prepared = prepare(located.found, folder, self.environments, self.say)
        existing = self.home.read().get(name)
        if existing is not None and not self.replace:
            if not same_sources(existing.pipeline, pipeline):
                raise name_taken(name, "a generator with other sources has it")
            if existing.digest == prepared.digest:
                return _already_added(existing, located, generator_class)
            raise name_taken(name, "a generator with other files or other library versions has it")
        if pipeline is None:
            assessment = self._assess(name, prepared)
        else:
            self.say(f"{name}: fetching its sources")
            assessment = assess_as_pipeline(name, prepared, pipeline, self.say)
        if files_digest(prepared.root) != prepared.files:
            raise InvalidInputError(
                f"generator {name} changes files in its own folder while it runs",
                why="concurrent blocks would influence each other",
                fix="let it write only to its output folder or to the temporary folder",
            )
        entry = _entry(located, generator_class, prepared, assessment, self.home)
        if entry == existing:
            return Added(existing, (), already=True)
        keep(self.home, entry, prepared.root, replace=self.replace)
        found = (*_about(located), *prepared.warnings, *assessment.warnings)
        return Added(
            entry,
            _all_warnings(
                entry, prepared.root, found, deterministic=assessment.deterministic is not False
            ),
            replaced=existing.digest if existing else "",
            other_flags=prepared.flags.others,
        )

    def _assess(self, name: str, prepared: Prepared) -> Assessment:
        known = self.home.probes / f"{prepared.digest[7:]}-{child_digest()}.json"
        if known.exists():
            try:
                return Assessment.model_validate_json(known.read_bytes())
            except ValidationError:
                known.unlink()  # written by another version of vrdata
        ways = "in several ways" if self.proof else "once"
        imports = prepared.kind == "converter"
        self.say(f"{name}: {'importing it' if imports else f'generating a block {ways}'}")
        assessment = assess(name, prepared, proof=self.proof)
        if self.proof:
            write_atomically(known, assessment.model_dump_json(by_alias=True, exclude_none=True))
        return assessment


def _as_error(error: VrdataError | OSError) -> VrdataError:
    if isinstance(error, VrdataError):
        return error
    return VrdataError(
        f"{error.filename or 'a file'} cannot be read or written",
        why=error.strerror or str(error),
        fix="check its permissions and the free disk space, then add the generator again",
    )


def _entry(
    located: LocatedGenerator,
    generator_class: GeneratorClass,
    prepared: Prepared,
    assessment: Assessment,
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
        mode=assessment.mode,
        sequential=assessment.sequential,
        flags=flags,
        seeded=_takes_seed(prepared) and assessment.deterministic is not False,
        block_size=PIPELINE_BLOCK_SIZE if assessment.pipeline else BLOCK_SIZE,
        acceleration=assessment.acceleration,
        measured=assessment.measured,
        domain=assessment.domain,
        notes=assessment.notes,
        hermetic=assessment.hermetic,
        pipeline=assessment.pipeline,
        rows=prepared.rows,
        requirements=prepared.requirements,
        license=licence_of(prepared.root),
        source=located.origin,
        commit=located.commit,
    )


def _class_of(
    located: LocatedGenerator, given: GeneratorClass | None, known: CatalogueEntry | None
) -> GeneratorClass:
    """Every converter is of class M, whatever its name is; a known name keeps its class."""
    if located.found.kind not in {"converter", "pipeline"}:
        return class_of(located.name, given, known.generator_class if known else None)
    if given not in {None, "M"}:
        raise InvalidInputError(
            f"{located.name} cannot have the class {given}",
            why="what converts existing data is of class M",
            fix="remove --class",
        )
    return "M"


def _takes_seed(prepared: Prepared) -> bool:
    return prepared.kind != "repository" or prepared.flags.flags.seed is not None


def _already_added(
    existing: CatalogueEntry, located: LocatedGenerator, generator_class: GeneratorClass
) -> Added:
    """The result for files that were added before; other facts that the user gave are a warning."""
    given = {"commit": located.commit or "none", "class": generator_class}
    there = {"commit": existing.commit or "none", "class": existing.generator_class}
    warnings = [
        f"its {name} stays {there[name]}; to record {given[name]}, use --replace"
        for name in given
        if given[name] != there[name]
    ]
    return Added(existing, tuple(warnings), already=True)


def _about(located: LocatedGenerator) -> tuple[str, ...]:
    return (missing_content(located.placeholders),) if located.placeholders else ()


def _all_warnings(
    entry: CatalogueEntry, root: Path, found: tuple[str, ...], *, deterministic: bool
) -> tuple[str, ...]:
    warnings = list(found)
    if entry.kind == "repository" and entry.flags.seed is None:
        effect = ", so only a run that allows nondeterminism can use it" if deterministic else ""
        warnings.append(f"it has no seed flag{effect}")
    if forbids_commercial_use(entry.license):
        warnings.append(f"its licence, {entry.license}, forbids commercial use")
    if entry.kind == "repository" and entry.generator_class == "M":
        warnings.append(without_sources(root))
    if not entry.license:
        warnings.append("it has no licence file")
    return tuple(dict.fromkeys(warnings))
