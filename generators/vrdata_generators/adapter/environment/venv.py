"""Virtual environments of generators: built when a generator is added, never during a run."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from vrdata.errors import InvalidInputError, VrdataError
from vrdata_generators.adapter.environment.requirements import RequirementSet

INSTALL_SECONDS = 1800
_COMPLETE = "vrdata-environment.json"
# Large compiled libraries: building them from source is slow and fails with obscure errors.
WHEELS_ONLY = (
    "av,h5py,matplotlib,moderngl,numba,numpy,opencv-contrib-python-headless,"
    "opencv-python-headless,pandas,pillow,pydantic-core,pygame,scikit-image,scikit-learn,"
    "scipy,shapely,zlib-ng"
)
_UNRESOLVED = re.compile(
    r"No matching distribution found for (?P<a>\S+)"
    r"|Cannot install (?P<b>.+?) because these package versions have conflicting"
    r"|Failed to build installable wheels for some pyproject.toml based projects \((?P<c>[^)]+)\)"
    r"|Could not build wheels for (?P<d>[^,]+),"
)


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
                why=_tail(created.stderr or created.stdout),
                fix="install the venv module for this Python",
            )
        (target / "requirements.txt").write_text("\n".join(requirements.lines) + "\n")
        pip = [str(python), "-m", "pip", "--no-input", "--disable-pip-version-check"]
        only = ["--only-binary", WHEELS_ONLY, "--prefer-binary"]
        installed = _run(
            [*pip, "install", "--quiet", *only, "-r", str(target / "requirements.txt")]
        )
        if installed.returncode:
            raise install_error(installed.stderr)
        frozen = _run([*pip, "freeze"])
        versions = sorted(line for line in frozen.stdout.splitlines() if "==" in line)
        if frozen.returncode or not versions:
            raise VrdataError(
                "the distributions of the new environment cannot be listed",
                why=_tail(frozen.stderr),
            )
        content = {"requirements": requirements.lines, "versions": versions}
        (target / _COMPLETE).write_text(json.dumps(content, indent=2) + "\n")


def install_error(stderr: str) -> VrdataError:
    """The error for the end of pip's output."""
    match = _UNRESOLVED.search(stderr)
    if match is None:
        return VrdataError(
            "the generator's requirements could not be installed",
            why=_tail(stderr),
            fix="check that pip can reach its package index (pip's own settings apply), then "
            "add the generator again",
        )
    named = next(group for group in match.groups() if group)
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return InvalidInputError(
        f"requirement {named} cannot be installed for Python {version}",
        why=_tail(stderr),
        fix="change it in the generator's requirements.txt, or run vrdata with a Python version "
        "that it supports",
    )


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    try:
        return subprocess.run(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=INSTALL_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise VrdataError(
            f"the installation took longer than {INSTALL_SECONDS} s",
            fix="check that pip can reach its package index, then try again",
        ) from None


def _tail(text: str, lines: int = 8) -> str:
    return "\n".join(text.strip().splitlines()[-lines:])


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
