"""The exact distributions of a generator's environment. Pure."""

from __future__ import annotations

import hashlib
import platform
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib import metadata

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from vrdata_generators.adapter.environment.distributions import (
    ALSO,
    CHILD_BOUNDED,
    CHILD_PINNED,
    DISTRIBUTIONS,
    HEADLESS,
    NEEDED_IF_IMPORTED,
)
from vrdata_generators.adapter.environment.imports import Imports
from vrdata_generators.adapter.environment.requirement_files import Declared, DeclaredLine


@dataclass(frozen=True, slots=True)
class RequirementSet:
    """What to install, as lines for pip.

    Attributes:
        lines: requirements without comments, sorted; pip intersects those of one distribution.
        notes: line → why it differs from the repository's own requirements.
        constraints: lines for `pip install --constraint`, sorted.
        options: for `pip install`.
        hashes: distribution → `sha256:…` of the archives that may be installed for it.
        origins: distribution → the repository's own lines, for messages.
    """

    lines: tuple[str, ...]
    notes: Mapping[str, str]
    constraints: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    hashes: Mapping[str, frozenset[str]] = field(default_factory=dict)
    origins: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """12 hex digits: equal for equal sets on equal interpreters and machines."""
        machine = f"{sys.implementation.cache_tag} {platform.machine()}"
        hashes = (f"{name} {','.join(sorted(some))}" for name, some in sorted(self.hashes.items()))
        rest = (*(f"-c {line}" for line in self.constraints), *self.options, *hashes)
        text = "\n".join((machine, *self.lines, *rest))
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    @property
    def replaced(self) -> tuple[str, ...]:
        """What is installed instead of a line of the repository, one phrase for each."""
        return tuple(
            f"{line} {self.notes[line]}"
            for line in self.lines
            if self.notes.get(line, "").startswith("replaces")
        )


def compose(declared: Declared, imports: Imports, installed: Mapping[str, str]) -> RequirementSet:
    """The declared requirements, and what the generator child and the imports need in addition.

    Args:
        declared: from read_project_files; every line is kept, except for OpenCV with a display and
            for the encoders of the generator child.
        imports: from scan_imports.
        installed: versions of the worker's distributions, by canonical name; an added
            distribution is never newer than that of the worker.
    """
    pinned = {name: installed[name] for name in CHILD_PINNED if name in installed}
    kept = [line for line in declared.requirements if _name(line) not in pinned]
    notes: dict[str, str] = {}
    lines = {_for_pip(line, notes) for line in kept}
    for name, version in pinned.items():
        own = [line.requirement for line in declared.requirements if _name(line) == name]
        lines.add(text := f"{name}=={version}")
        notes[text] = (
            f"replaces {', '.join(map(str, own))}: the version of the worker"
            if own
            else "added for the generator child"
        )
    there = pinned.keys() | {_name(line) for line in kept if _applies(line.requirement)}
    for name, reason in _additions(imports, there).items():
        lines.add(text := _bounded(name, installed))
        notes[text] = reason
    constraints = [line for line in declared.constraints if _name(line) not in pinned]
    return RequirementSet(
        lines=tuple(sorted(lines)),
        notes=notes,
        constraints=tuple(sorted({_for_pip(line, {}) for line in constraints})),
        options=tuple(name for name in declared.options if name != "--require-hashes"),
        hashes=_hashes((*kept, *constraints)),
        origins=_origins((*declared.requirements, *declared.constraints)),
    )


def _additions(imports: Imports, there: Iterable[str]) -> dict[str, str]:
    """Distributions that no line names, and why they are added."""
    present = set(there)
    reasons = dict.fromkeys(CHILD_BOUNDED, "added for the generator child")
    for module in sorted(imports.needed | (imports.optional & NEEDED_IF_IMPORTED)):
        if name := DISTRIBUTIONS.get(module, ""):
            reasons.setdefault(name, f"added because {module} is imported")
    for module, others in ALSO.items():
        if others & present:
            present.add(DISTRIBUTIONS[module])
    return {name: reason for name, reason in reasons.items() if name not in present}


def _name(line: DeclaredLine) -> str:
    plain = str(canonicalize_name(line.requirement.name))
    return HEADLESS.get(plain, plain)


def _applies(requirement: Requirement) -> bool:
    return requirement.marker is None or requirement.marker.evaluate({"extra": ""})


def _for_pip(line: DeclaredLine, notes: dict[str, str]) -> str:
    requirement, name = line.requirement, _name(line)
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    marker = f"; {requirement.marker}" if requirement.marker else ""
    text = f"{name}{extras}{requirement.specifier}{marker}"
    if canonicalize_name(requirement.name) in HEADLESS:
        notes[text] = f"replaces {requirement}: the same library without a display"
    return text


def _hashes(lines: Iterable[DeclaredLine]) -> dict[str, frozenset[str]]:
    """Of the distributions that are installed as named: a replaced one has other archives."""
    found: dict[str, frozenset[str]] = {}
    for line in lines:
        if line.hashes and canonicalize_name(line.requirement.name) not in HEADLESS:
            found[_name(line)] = found.get(_name(line), line.hashes) & line.hashes
    return found


def _origins(lines: Iterable[DeclaredLine]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for line in lines:
        found[_name(line)] = (*found.get(_name(line), ()), str(line))
    return found


def _bounded(name: str, installed: Mapping[str, str]) -> str:
    version = installed.get(name)
    return f"{name}<={version}" if version else name


def installed_versions() -> dict[str, str]:
    """Versions of the distributions of the running interpreter, by canonical name."""
    return {
        canonicalize_name(name): distribution.version
        for distribution in metadata.distributions()
        if (name := distribution.metadata["Name"])
    }
