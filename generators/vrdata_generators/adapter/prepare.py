"""Prepare a generator: a private copy with its environment, flags and digest."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from packaging.utils import canonicalize_name

from vrdata.contract.refusals import lines
from vrdata.plan.catalogue import Flags
from vrdata_generators.adapter.digest import files_digest, generator_digest, library_digest
from vrdata_generators.adapter.environment.distributions import (
    CHILD_BOUNDED,
    CHILD_PINNED,
    DISTRIBUTIONS,
)
from vrdata_generators.adapter.environment.imports import Imports, scan_imports
from vrdata_generators.adapter.environment.installed import missing_modules
from vrdata_generators.adapter.environment.pip.run import site_packages
from vrdata_generators.adapter.environment.project_files import read_project_files
from vrdata_generators.adapter.environment.requirements import (
    RequirementSet,
    compose,
    installed_versions,
)
from vrdata_generators.adapter.environment.venv import Environment, EnvironmentBuilder
from vrdata_generators.adapter.flags import ProbedFlags, probe_flags
from vrdata_generators.adapter.source.copying import copy_repository
from vrdata_generators.adapter.source.detect import GeneratorFolder, Kind
from vrdata_generators.converters.catalogue import declares_rows

# A generator that imports no more than these runs in the environment of the worker.
_LIBRARY = frozenset({"vrdata_generators"})
_API_MODULES = _LIBRARY | {"numpy", "PIL"}
_OWN_MODULES: dict[Kind, frozenset[str]] = {
    "repository": frozenset(),
    "pipeline": frozenset(),
    "api": _API_MODULES,
    "converter": _API_MODULES | {"pyarrow"},
}


@dataclass(frozen=True, slots=True)
class Prepared:
    """A generator that is ready for a trial.

    Attributes:
        root: the private copy.
        python: its interpreter; None = the interpreter of the worker.
        files: digest of the copied files only.
        digest: `sha256:…` over its files and its environment.
        warnings: what the user should know about its environment.
        rows: a converter that gives rows.
    """

    root: Path
    kind: Kind
    python: Path | None
    requirements: tuple[str, ...]
    files: str
    digest: str
    flags: ProbedFlags
    warnings: tuple[str, ...] = ()
    rows: bool = False


def prepare(
    found: GeneratorFolder,
    folder: Path,
    environments: EnvironmentBuilder,
    say: Callable[[str], None],
) -> Prepared:
    """Copy a generator into `folder`, build its environment and read its flags.

    Args:
        found: the generator in its source folder.
        folder: an existing private folder.
        environments: builds Python environments.
        say: receives progress messages, one line each.

    Raises:
        InvalidInputError: the generator cannot be used; the message says why.
    """
    copy = GeneratorFolder(folder / "generator", found.kind, found.script)
    copy_repository(found.root, copy.root)
    environment, requirements, warnings = _environment(copy, environments, say)
    flags = ProbedFlags(Flags(), ())
    if environment is not None and found.kind in {"repository", "pipeline"}:
        scratch = folder / "help"
        scratch.mkdir()
        flags = probe_flags(copy.root, copy.entry, environment.python, scratch)
    versions = [f"python=={sys.version_info.major}.{sys.version_info.minor}"]
    versions += environment.versions if environment else _worker_versions()
    if found.kind not in {"repository", "pipeline"}:
        versions.append(f"vrdata-generators=={library_digest()}")
    files = files_digest(copy.root)
    return Prepared(
        root=copy.root,
        kind=found.kind,
        python=environment.python if environment else None,
        requirements=requirements,
        files=files,
        digest=generator_digest(files, versions),
        flags=flags,
        warnings=(*warnings, *(f"--help: {line}" for line in lines(flags.refused))),
        rows=copy.kind == "converter" and declares_rows(copy.entry),
    )


def _environment(
    copy: GeneratorFolder, environments: EnvironmentBuilder, say: Callable[[str], None]
) -> tuple[Environment | None, tuple[str, ...], tuple[str, ...]]:
    """The environment, its requirements, and warnings."""
    project = read_project_files(copy.root)
    declared = project.declared
    imports = scan_imports(copy.root, copy.entry)
    if not declared and imports.needed <= _OWN_MODULES[copy.kind]:
        return None, (), project.warnings
    if copy.kind == "converter":
        imports = replace(imports, needed=imports.needed | {"pyarrow"})  # for rows of tables
    requirements = compose(declared, imports, installed_versions())
    say(f"environment {requirements.key}: {', '.join(requirements.lines)}")
    for line in requirements.replaced:
        say(f"environment {requirements.key}: {line}")
    environment = environments.build(requirements)
    missing = _missing(copy, imports, environment.python)
    warnings = (*project.warnings, *environment.warnings, *missing)
    return environment, _exact(requirements, environment), warnings


def _missing(copy: GeneratorFolder, imports: Imports, python: Path) -> Iterator[str]:
    folder = site_packages(python)
    for module in missing_modules(folder, imports.needed - DISTRIBUTIONS.keys() - _LIBRARY):
        # A folder that the code itself puts on sys.path may have it.
        if not any(copy.root.rglob(f"{module}.py")) and not any(copy.root.rglob(f"{module}/")):
            yield (
                f"its environment has no module {module}, which the code imports: "
                "name its distribution in requirements.txt"
            )


def _worker_versions() -> tuple[str, ...]:
    installed = installed_versions()
    return tuple(
        f"{name}=={installed[name]}"
        for name in (*CHILD_PINNED, *CHILD_BOUNDED)
        if name in installed
    )


def _exact(requirements: RequirementSet, environment: Environment) -> tuple[str, ...]:
    """The lines of the set; those that vrdata added get the version that was installed."""
    pairs = (line.split("==", 1) for line in environment.versions)
    versions = {str(canonicalize_name(name)): version for name, version in pairs}
    lines = []
    for line in requirements.lines:
        note = requirements.notes.get(line, "")
        name = line.partition("<=")[0]
        exact = f"{name}=={versions[name]}" if note and name in versions else line
        lines.append(f"{exact}  # {note}" if note else exact)
    lines += [f"{line}  # a constraint" for line in requirements.constraints]
    return (*lines, *requirements.options)
