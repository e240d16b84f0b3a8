"""The dependencies and the Python version that a generator's folder declares, in any file."""

from __future__ import annotations

import platform
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from vrdata.text import decode
from vrdata_generators.adapter.environment.requirement_files import (
    FILE,
    Declared,
    parse_requirement,
    read_requirements,
)

PYPROJECT = "pyproject.toml"
# Files that only their own tools evaluate, and what in them lists dependencies.
_UNREAD = {
    "setup.py": "install_requires",
    "setup.cfg": "install_requires",
    "Pipfile": "[packages]",
    "environment.yml": "dependencies:",
    "environment.yaml": "dependencies:",
    "requirements.in": "",
}


@dataclass(frozen=True, slots=True)
class ProjectFiles:
    """The declared dependencies, and warnings about what could not be taken into account."""

    declared: Declared
    warnings: tuple[str, ...] = ()


def read_project_files(root: Path) -> ProjectFiles:
    """The dependencies in requirements.txt, otherwise those in `[project]` of pyproject.toml.

    Raises:
        InvalidInputError: as read_requirements; also for a dependency in pyproject.toml.
    """
    project = _pyproject(root)
    warnings = list(_python_warnings(project))
    if (root / FILE).is_file():
        return ProjectFiles(read_requirements(root), tuple(warnings))
    listed = _table(project, "project").get("dependencies")
    if isinstance(listed, list):
        lines = tuple(parse_requirement(root / PYPROJECT, PYPROJECT, str(text)) for text in listed)
        return ProjectFiles(Declared(lines), tuple(warnings))
    warnings += [
        f"its dependencies in {name} are not read: list them in {FILE}"
        for name in _unread(root, project)
    ]
    return ProjectFiles(Declared(), tuple(warnings))


def _pyproject(root: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(decode((root / PYPROJECT).read_bytes()))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return {}


def _table(project: dict[str, Any], name: str) -> dict[str, Any]:
    found = project.get(name)
    return found if isinstance(found, dict) else {}


def _python_warnings(project: dict[str, Any]) -> Iterator[str]:
    wanted = _table(project, "project").get("requires-python")
    version = platform.python_version()
    try:
        if isinstance(wanted, str) and not SpecifierSet(wanted).contains(version, prereleases=True):
            yield f"its {PYPROJECT} requires Python {wanted}, and this is Python {version}"
    except InvalidSpecifier:
        return


def _unread(root: Path, project: dict[str, Any]) -> Iterator[str]:
    if "dependencies" in _table(_table(project, "tool"), "poetry"):
        yield PYPROJECT
    for name, mark in _UNREAD.items():
        try:
            text = (root / name).read_bytes().decode("utf-8", "replace")
        except OSError:
            continue
        if mark in text:
            yield name
