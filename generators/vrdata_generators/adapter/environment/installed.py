"""What pip did: its errors, the archives that it installed, and modules that are missing."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import canonicalize_name

from vrdata.errors import InvalidInputError, VrdataError
from vrdata_generators.adapter.environment.distributions import HEADLESS, WHEELS_ONLY
from vrdata_generators.adapter.environment.requirements import RequirementSet
from vrdata_generators.adapter.programs import run_program

FIND_SECONDS = 60
_CONFLICT = re.compile(
    r"Cannot install (?P<all>.+?) because these package versions have conflicting", re.DOTALL
)
_CAUSE = re.compile(r"The conflict is caused by:\n(?:[ \t]+\S.*\n?)+")
_UNRESOLVED = re.compile(
    r"No matching distribution found for (?P<a>\S+)"
    r"|Failed to build installable wheels for some pyproject.toml based projects \((?P<b>[^)]+)\)"
    r"|Could not build wheels for (?P<c>[^,]+),"
)
_FIND = (
    "import importlib.util, sys\n"
    "for name in sys.argv[1:]:\n"
    "    try:\n"
    "        found = importlib.util.find_spec(name)\n"
    "    except Exception:\n"
    "        found = True\n"
    "    if found is None:\n"
    "        print(name)\n"
)


def install_error(stdout: str, stderr: str, requirements: RequirementSet) -> VrdataError:
    """The error for pip's output; for a conflict, pip's message and the lines."""
    conflict, unresolved = _CONFLICT.search(stderr), _UNRESOLVED.search(stderr)
    if conflict:
        return _conflict(stdout, conflict["all"], requirements)
    if unresolved is None:
        return VrdataError(
            "the generator's requirements could not be installed",
            why=last_lines(stderr),
            fix="check that pip can reach its package index (pip's own settings apply), then "
            "add the generator again",
        )
    named = next(group for group in unresolved.groups() if group)
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return InvalidInputError(
        f"requirement {named} cannot be installed for Python {version}",
        why=last_lines(stderr) + _lines_of([named], requirements) + _wheels(named),
        fix="change it in the generator's requirements.txt, or run vrdata with a Python version "
        "that it supports",
    )


def _wheels(named: str) -> str:
    """What to know about a distribution that is not built from its source archive."""
    name = re.match(r"[A-Za-z0-9][\w.-]*", named)
    if name is None or canonicalize_name(name[0]) not in WHEELS_ONLY.split(","):
        return ""
    return f"\n{name[0]} is installed from wheels only; a version that has none is not built"


def _conflict(stdout: str, named: str, requirements: RequirementSet) -> InvalidInputError:
    names = re.split(r",\s*|\s+and\s+", named)
    cause = _CAUSE.search(stdout)
    words = f"Cannot install {named}: the versions conflict"
    if cause:
        words += "\n" + "\n".join(line.rstrip() for line in cause[0].splitlines()[:12])
        names += re.findall(r"The user requested (?:\(constraint\) )?([\w.-]+)", cause[0])
    lines = _lines_of(names, requirements)
    return InvalidInputError(
        "the generator's requirements conflict",
        why=words + lines,
        fix="change one of these lines in the generator's requirements.txt",
    )


def _lines_of(texts: Iterable[str], requirements: RequirementSet) -> str:
    """The repository's own lines of the distributions that start these texts."""
    names = (re.match(r"[A-Za-z0-9][\w.-]*", text.strip()) for text in texts)
    found = {str(canonicalize_name(name[0])): None for name in names if name}
    lines = [line for name in found for line in requirements.origins.get(name, ())]
    return "\nlines: " + "; ".join(lines[:12]) if lines else ""


def check_archives(requirements: RequirementSet, report: str) -> None:
    """Compare what pip installed with the hashes of the requirements.

    Args:
        requirements: the installed set.
        report: the JSON that `pip install --report` wrote.

    Raises:
        InvalidInputError: an archive has none of the hashes that its lines allow.
    """
    if not requirements.hashes:
        return
    for item in json.loads(report)["install"]:
        name = str(canonicalize_name(item["metadata"]["name"]))
        allowed = requirements.hashes.get(name)
        found = _archive_hashes(item.get("download_info", {}).get("archive_info", {}))
        if allowed is not None and not allowed & found:
            raise InvalidInputError(
                f"the archive of {name} has another hash than its requirement",
                why=f"pip installed {', '.join(sorted(found)) or 'an archive without a hash'}"
                + _lines_of([name], requirements),
                fix="correct the hash in requirements.txt, or the package index of this machine",
            )


@dataclass(frozen=True, slots=True)
class Swap:
    """Distributions to remove, and requirements to install instead."""

    remove: tuple[str, ...] = ()
    install: tuple[str, ...] = ()


def without_display(report: str) -> Swap:
    """What to do about OpenCV with a display that a dependency brought; usually nothing.

    Args:
        report: the JSON that `pip install --report` wrote.
    """
    facts = (item["metadata"] for item in json.loads(report)["install"])
    versions = {str(canonicalize_name(one["name"])): str(one["version"]) for one in facts}
    brought = [name for name in HEADLESS if name in versions]
    instead = {HEADLESS[name]: versions.get(HEADLESS[name], versions[name]) for name in brought}
    remove = (*brought, *(name for name in instead if name in versions))
    return Swap(remove, tuple(f"{name}=={version}" for name, version in instead.items()))


def _archive_hashes(info: dict[str, object]) -> set[str]:
    hashes = info.get("hashes")
    found = (
        {f"{kind}:{digest}" for kind, digest in hashes.items()}
        if isinstance(hashes, dict)
        else set()
    )
    single = info.get("hash")  # pip before 23.0: "sha256=…"
    return found | ({single.replace("=", ":", 1)} if isinstance(single, str) else set())


def missing_modules(python: Path, modules: Iterable[str]) -> tuple[str, ...]:
    """The top-level modules that an environment cannot find; none of them is imported."""
    wanted = sorted(modules)
    if not wanted:
        return ()
    try:
        done = run_program([str(python), "-I", "-c", _FIND, *wanted], seconds=FIND_SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return ()
    return tuple(done.stdout.split())


def last_lines(text: str, lines: int = 8) -> str:
    """The end of a program's output."""
    return "\n".join(text.strip().splitlines()[-lines:])
