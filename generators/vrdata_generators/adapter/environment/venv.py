"""Virtual environments of generators: built when a generator is added, never during a run."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from vrdata.errors import VrdataError
from vrdata.privacy.variables import without_secrets
from vrdata_generators.adapter.environment.distributions import WHEELS_ONLY
from vrdata_generators.adapter.environment.installed import (
    built_from_source,
    check_archives,
    install_error,
    last_lines,
    versions_in,
    without_display,
)
from vrdata_generators.adapter.environment.pip.run import pip_for, run_limited, site_packages
from vrdata_generators.adapter.environment.pip.sandbox import Heard
from vrdata_generators.adapter.environment.requirements import RequirementSet

_COMPLETE = "vrdata-environment.json"
_OF_VENV = ("pip", "setuptools", "wheel")


@dataclass(frozen=True, slots=True)
class Environment:
    """An interpreter and the distributions installed for it.

    Attributes:
        versions: `name==version`, sorted.
        warnings: what ran while it was built.
    """

    python: Path
    versions: tuple[str, ...]
    warnings: tuple[str, ...] = ()


class EnvironmentBuilder(Protocol):
    """Builds the environment of a requirement set, or finds an existing one."""

    def build(self, requirements: RequirementSet) -> Environment:
        """The environment with exactly these requirements.

        Raises:
            InvalidInputError: the set cannot be installed on this interpreter.
            VrdataError: the package index is unavailable.
        """
        ...


class VenvBuilder:
    """Builds virtual environments in one folder with venv and pip, one per distinct set."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def build(self, requirements: RequirementSet) -> Environment:
        """The environment with exactly these requirements; built unless it exists."""
        target = self._folder / requirements.key
        self._folder.mkdir(parents=True, exist_ok=True)
        with _locked(self._folder / f"{requirements.key}.lock"):
            if not (target / _COMPLETE).is_file():
                shutil.rmtree(target, ignore_errors=True)
                try:
                    self._build(target, requirements)
                except BaseException:
                    shutil.rmtree(target, ignore_errors=True)
                    raise
            facts = json.loads((target / _COMPLETE).read_text())
        versions, warnings = facts["versions"], facts.get("warnings", ())
        return Environment(target / "bin" / "python", tuple(versions), tuple(warnings))

    def _build(self, target: Path, requirements: RequirementSet) -> None:
        report, heard = _install(target, requirements)
        instead = without_display(report)
        if instead:
            # In a new environment: pip would run code of the one that it changes.
            shutil.rmtree(target)
            _, heard = _install(target, requirements, instead)
        content = {
            "requirements": requirements.lines,
            "versions": _versions(target, requirements),
            "warnings": (*built_from_source(report, heard.open), *heard.refusals()),
        }
        (target / _COMPLETE).write_text(json.dumps(content, indent=2) + "\n")


def _install(
    target: Path, requirements: RequirementSet, exact: Sequence[str] = ()
) -> tuple[str, Heard]:
    """Create an environment and install into it; returns the JSON report of pip, and what ran.

    Args:
        target: the folder of the environment.
        requirements: what to install.
        exact: lines to install without their dependencies, instead of those of `requirements`.
    """
    command = [sys.executable, "-m", "venv", str(target)]
    created = run_limited(command, without_secrets(os.environ))
    if created.returncode:
        raise VrdataError(
            "the virtual environment cannot be created",
            why=last_lines(created.stderr or created.stdout),
            fix="install the venv module for this Python",
        )
    report = target / "pip-report.json"
    with pip_for(target / "bin" / "python") as pip:
        arguments = _arguments(target, requirements, report, exact)
        installed = pip.run(["install", *arguments])
    if installed.returncode:
        raise install_error(installed.stdout, installed.stderr, requirements)
    text = report.read_text("utf-8")
    check_archives(requirements, text)
    return text, pip.heard


def _arguments(
    target: Path, requirements: RequirementSet, report: Path, exact: Sequence[str] = ()
) -> list[str]:
    wanted, bounds = target / "requirements.txt", target / "constraints.txt"
    wanted.write_text("\n".join(exact or requirements.lines) + "\n", encoding="utf-8")
    bounds.write_text("\n".join((*requirements.constraints, "")), encoding="utf-8")
    only = ["--progress-bar", "off", *requirements.options, "--only-binary", WHEELS_ONLY]
    files = ["--requirement", str(wanted), "--constraint", str(bounds)]
    return [*only, *(["--no-deps"] if exact else []), "--report", str(report), *files]


def _versions(target: Path, requirements: RequirementSet) -> list[str]:
    """`name==version` of every distribution, except for venv's own that no line names."""
    found = versions_in(site_packages(target / "bin" / "python"))
    named = requirements.origins.keys()
    return sorted(
        f"{name}=={version}"
        for name, version in found.items()
        if name not in _OF_VENV or name in named
    )


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
