"""Run pip in a new environment, with the user's settings, which no build sees."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from vrdata.errors import VrdataError
from vrdata.privacy.variables import without_secrets
from vrdata_generators.adapter.environment.pip import closed, sandbox, watch
from vrdata_generators.adapter.environment.pip.sandbox import Heard
from vrdata_generators.adapter.programs import run_program

INSTALL_SECONDS = 1800
# With these variables, pip would install elsewhere, or something other than the requirements.
_ELSEWHERE = frozenset(
    {"PYTHONPATH", "PYTHONHOME"}
    | {f"PIP_{name}" for name in ("TARGET", "PREFIX", "ROOT", "USER", "DRY_RUN", "NO_DEPS")}
    | {f"PIP_{name}" for name in ("REQUIREMENT", "EDITABLE", "REPORT", "QUIET", "PYTHON")}
)
ATTEMPTS = "vrdata-attempts.jsonl"
_DOWNLOADS = ("http", "http-v2")  # of the cache; the second one from pip 23.3 on
_PROXIES = ("_PROXY", "_proxy")
# Where programs look for the user's files.
_OF_HOME = ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")


@dataclass(frozen=True, slots=True)
class Pip:
    """pip for one environment.

    Attributes:
        python: the interpreter of the environment.
        folder: private to this installation; has pip and `tmp`.
        report: the descriptor that the sandboxes of programs report to.
        heard: what they reported; complete when the context of `pip_for` has ended.
    """

    python: Path
    folder: Path
    report: int
    heard: Heard

    def run(self, arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
        """Run pip with the user's settings; what it starts, such as a build, runs in a sandbox.

        Raises:
            VrdataError: it took too long.
        """
        plan = self.folder / "plan.json"
        environ = without_settings(os.environ, self.folder)
        command = sandbox.command(self.python, self.folder, self.report, environ)
        watched = [watch.__file__, str(self.folder / "tmp" / ATTEMPTS)] if command else []
        closing = {
            "command": command,
            "watch": watched,
            "environ": environ,
            "report": self.report,
        }
        plan.write_text(json.dumps(closing), "utf-8")
        program = [str(self.python), "-I", closed.__file__, str(self.folder), str(plan)]
        options = ["--no-input", "--disable-pip-version-check"]
        settings = with_settings(os.environ, self.folder)
        return run_limited([*program, *options, *arguments], settings, (self.report,))


def run_limited(
    command: list[str], env: Mapping[str, str], descriptors: Sequence[int] = ()
) -> subprocess.CompletedProcess[str]:
    """Run a program that belongs to an installation.

    Raises:
        VrdataError: it took longer than INSTALL_SECONDS.
    """
    try:
        return run_program(command, seconds=INSTALL_SECONDS, env=env, descriptors=descriptors)
    except subprocess.TimeoutExpired:
        raise VrdataError(
            f"the installation took longer than {INSTALL_SECONDS} s",
            fix="check that pip can reach its package index, then try again",
        ) from None


@contextmanager
def pip_for(python: Path) -> Iterator[Pip]:
    """A private copy of the pip of a new environment: a distribution could replace its files.

    Args:
        python: the interpreter of an environment that has pip and no other code.
    """
    folder = Path(tempfile.mkdtemp(prefix="vrdata-pip-"))
    try:
        (folder / "tmp").mkdir()
        shutil.copytree(site_packages(python) / "pip", folder / "pip")
        with sandbox.listening() as (report, heard):
            pip = Pip(python, folder, report, heard)
            shared = pip.run(["cache", "dir"])  # it fails when the cache is off
            if not shared.returncode:
                separate_wheels(Path(shared.stdout.strip()), folder / sandbox.CACHE)
            yield pip
            heard.read(folder / "tmp" / ATTEMPTS)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def separate_wheels(shared: Path, cache: Path) -> None:
    """Create a cache that has its own wheels and shares the downloads.

    With newer versions of pip, a build writes to the cache of wheels. It must not reach the user's.

    Args:
        shared: the cache of the user.
        cache: the new one.
    """
    (cache / sandbox.WHEELS).mkdir(parents=True)
    for name in _DOWNLOADS:
        with contextlib.suppress(OSError):
            (shared / name).mkdir(parents=True, exist_ok=True)
            (cache / name).symlink_to(shared / name)


def site_packages(python: Path) -> Path:
    """Where the distributions of a virtual environment are."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return python.parent.parent / "lib" / version / "site-packages"


def with_settings(environ: Mapping[str, str], folder: Path) -> dict[str, str]:
    """The variables for pip itself: the user's settings of pip and no other secrets."""
    kept = without_secrets(environ, keep=_is_setting)
    cache = folder / sandbox.CACHE
    own = {"PIP_CACHE_DIR": str(cache)} if cache.is_dir() else {}
    return {**_elsewhere_removed(kept), **own, "TMPDIR": str(folder / "tmp")}


def without_settings(environ: Mapping[str, str], folder: Path) -> dict[str, str]:
    """The variables for what pip starts: no secrets, no settings of pip, no folders of the user."""
    kept = {
        name: value
        for name, value in without_secrets(environ).items()
        if not name.startswith("PIP_") and name not in _OF_HOME
    }
    return {**_elsewhere_removed(kept), "TMPDIR": str(folder / "tmp")}


def _elsewhere_removed(environ: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environ.items() if name not in _ELSEWHERE}


def _is_setting(name: str) -> bool:
    return name.startswith("PIP_") or name == "NETRC" or name.endswith(_PROXIES)
