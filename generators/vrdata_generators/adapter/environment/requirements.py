"""The exact distributions of a generator's environment. Pure, except that it reads one file."""

from __future__ import annotations

import hashlib
import platform
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from vrdata.errors import InvalidInputError
from vrdata_generators.adapter.environment.distributions import (
    ALSO,
    CHILD_BOUNDED,
    CHILD_PINNED,
    DISTRIBUTIONS,
    HEADLESS,
    NEEDED_IF_IMPORTED,
)
from vrdata_generators.adapter.environment.imports import Imports

FILE = "requirements.txt"
MAX_LINES = 500


@dataclass(frozen=True, slots=True)
class RequirementSet:
    """What to install, as lines for pip.

    Attributes:
        lines: requirements without comments, sorted.
        notes: line → why it differs from the repository's own requirements.
    """

    lines: tuple[str, ...]
    notes: Mapping[str, str]

    @property
    def key(self) -> str:
        """12 hex digits: equal for equal sets on equal interpreters and machines."""
        machine = f"{sys.implementation.cache_tag} {platform.machine()}"
        text = "\n".join((machine, *self.lines))
        return hashlib.sha256(text.encode()).hexdigest()[:12]


def read_requirements(root: Path) -> tuple[Requirement, ...]:
    """The requirements of a generator's folder; empty when it has no requirements.txt.

    Raises:
        InvalidInputError: a line is an option, a URL or not a requirement.
    """
    path = root / FILE
    if not path.is_file():
        return ()
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (UnicodeDecodeError, OSError) as error:
        raise InvalidInputError(f"{FILE} cannot be read", why=str(error)) from None
    if len(lines) > MAX_LINES:
        raise InvalidInputError(f"{FILE} has more than {MAX_LINES} lines")
    return tuple(
        _parse(number, text)
        for number, line in enumerate(lines, start=1)
        if (text := line.partition("#")[0].strip())
    )


def _parse(number: int, text: str) -> Requirement:
    try:
        requirement = Requirement(text)
    except InvalidRequirement as error:
        why = (
            "options for pip are not supported"
            if text.startswith("-")
            else str(error).splitlines()[0]
        )
        raise InvalidInputError(
            f"{FILE}, line {number} cannot be used: {text[:120]}",
            why=why,
            fix="write one distribution per line, such as numpy==1.26.4",
        ) from None
    if requirement.url:
        raise InvalidInputError(
            f"{FILE}, line {number} names a URL: {text[:120]}",
            why="distributions are installed from the configured package index only",
            fix="write the name of the distribution and its version",
        )
    return requirement


def compose(
    declared: tuple[Requirement, ...], imports: Imports, installed: Mapping[str, str]
) -> RequirementSet:
    """The declared requirements, and what the generator child and the imports need in addition.

    Args:
        declared: from read_requirements; taken literally, except for OpenCV with a display.
        imports: from scan_imports.
        installed: versions of the worker's distributions, by canonical name; an added
            distribution is never newer than that of the worker.
    """
    lines, notes = _declared(declared)
    for name in CHILD_PINNED:
        if name in installed:
            lines[name] = f"{name}=={installed[name]}"
            notes[lines[name]] = "added for the generator child"
    reasons = dict.fromkeys(CHILD_BOUNDED, "added for the generator child")
    for module in sorted(imports.needed | (imports.optional & NEEDED_IF_IMPORTED)):
        name = DISTRIBUTIONS.get(module, "")
        if name and not ALSO.get(module, set()) & lines.keys():
            reasons.setdefault(name, f"added because {module} is imported")
    for name, reason in reasons.items():
        if name not in lines:
            lines[name] = _bounded(name, installed)
            notes[lines[name]] = reason
    return RequirementSet(tuple(sorted(lines.values())), notes)


def _declared(declared: tuple[Requirement, ...]) -> tuple[dict[str, str], dict[str, str]]:
    lines: dict[str, str] = {}
    notes: dict[str, str] = {}
    for requirement in declared:
        if requirement.marker is not None and not requirement.marker.evaluate():
            continue
        plain = str(canonicalize_name(requirement.name))
        name = HEADLESS.get(plain, plain)
        lines[name] = _line(requirement, name)
        if plain in HEADLESS:
            notes[lines[name]] = f"replaces {requirement}: the same library without a display"
    return lines, notes


def unknown_modules(declared: tuple[Requirement, ...], imports: Imports) -> tuple[str, ...]:
    """Needed modules that no declared requirement is known to provide; one still may."""
    names = {canonicalize_name(requirement.name) for requirement in declared}
    return tuple(
        module
        for module in sorted(imports.needed - DISTRIBUTIONS.keys())
        if canonicalize_name(module) not in names and module != "vrdata_generators"
    )


def _line(requirement: Requirement, name: str) -> str:
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    return f"{name}{extras}{requirement.specifier}"


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
