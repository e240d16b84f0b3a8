"""Virtual environments of generators: built when a generator is added, never during a run."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from vrdata.errors import VrdataError
from vrdata_generators.adapter.environment.distributions import WHEELS_ONLY
from vrdata_generators.adapter.environment.installed import (
    Swap,
    check_archives,
    install_error,
    last_lines,
    without_display,
)
from vrdata_generators.adapter.environment.requirements import RequirementSet
from vrdata_generators.adapter.programs import run_program

INSTALL_SECONDS = 1800
_COMPLETE = "vrdata-environment.json"
# With these variables, pip would install elsewhere, or something other than the requirements.
_ELSEWHERE = frozenset(
    {"PYTHONPATH", "PYTHONHOME"}
    | {f"PIP_{name}" for name in ("TARGET", "PREFIX", "ROOT", "USER", "DRY_RUN", "NO_DEPS")}
    | {f"PIP_{name}" for name in ("REQUIREMENT", "EDITABLE", "REPORT", "QUIET")}
)
_OF_VENV = ("pip==", "setuptools==", "wheel==")


@dataclass(frozen=True, slots=True)
class Environment:
    """An interpreter and the distributions installed for it (`name==version`, sorted)."""

    python: Path
    versions: tuple[str, ...]


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
            versions = json.loads((target / _COMPLETE).read_text())["versions"]
        return Environment(target / "bin" / "python", tuple(versions))

    def _build(self, target: Path, requirements: RequirementSet) -> None:
        python = target / "bin" / "python"
        created = _run([sys.executable, "-m", "venv", str(target)])
        if created.returncode:
            raise VrdataError(
                "the virtual environment cannot be created",
                why=last_lines(created.stderr or created.stdout),
                fix="install the venv module for this Python",
            )
        pip = [str(python), "-m", "pip", "--no-input", "--disable-pip-version-check"]
        report = target / "pip-report.json"
        installed = _run([*pip, "install", *_arguments(target, requirements, report)])
        if installed.returncode:
            raise install_error(installed.stdout, installed.stderr, requirements)
        text = report.read_text("utf-8")
        check_archives(requirements, text)
        _remove_display(pip, without_display(text), requirements)
        content = {"requirements": requirements.lines, "versions": _versions(pip, requirements)}
        (target / _COMPLETE).write_text(json.dumps(content, indent=2) + "\n")


def _arguments(target: Path, requirements: RequirementSet, report: Path) -> list[str]:
    wanted, bounds = target / "requirements.txt", target / "constraints.txt"
    wanted.write_text("\n".join(requirements.lines) + "\n", encoding="utf-8")
    bounds.write_text("\n".join((*requirements.constraints, "")), encoding="utf-8")
    only = ["--progress-bar", "off", "--only-binary", WHEELS_ONLY, *requirements.options]
    files = ["--requirement", str(wanted), "--constraint", str(bounds)]
    return [*only, "--report", str(report), *files]


def _remove_display(pip: list[str], swap: Swap, requirements: RequirementSet) -> None:
    """Install OpenCV without a display where a dependency brought it with one.

    Both write the same files, so which of them is imported would depend on the order of pip.
    """
    if not swap.remove:
        return
    removed = _run([*pip, "uninstall", "--yes", *swap.remove])
    only = ["--progress-bar", "off", "--no-deps", "--only-binary", ":all:"]
    added = _run([*pip, "install", *only, *swap.install])
    for done in (removed, added):
        if done.returncode:
            raise install_error(done.stdout, done.stderr, requirements)


def _versions(pip: list[str], requirements: RequirementSet) -> list[str]:
    """`name==version` of every distribution, except for venv's own that no line names."""
    frozen = _run([*pip, "freeze", "--all"])
    named = requirements.origins.keys()
    versions = sorted(
        line
        for line in frozen.stdout.splitlines()
        if "==" in line and (line.partition("==")[0] in named or not line.startswith(_OF_VENV))
    )
    if frozen.returncode or not versions:
        raise VrdataError(
            "the distributions of the new environment cannot be listed",
            why=last_lines(frozen.stderr),
        )
    return versions


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name not in _ELSEWHERE}
    try:
        return run_program(command, seconds=INSTALL_SECONDS, env=environment)
    except subprocess.TimeoutExpired:
        raise VrdataError(
            f"the installation took longer than {INSTALL_SECONDS} s",
            fix="check that pip can reach its package index, then try again",
        ) from None


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
