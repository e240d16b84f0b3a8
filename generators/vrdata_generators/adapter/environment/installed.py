"""What pip did: its errors, the archives that it installed, and modules that are missing."""

from __future__ import annotations

import contextlib
import json
import re
import sys
from collections.abc import Iterable, Iterator
from importlib import metadata
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from vrdata.errors import InvalidInputError, VrdataError
from vrdata.privacy.texts import without_url_credentials
from vrdata_generators.adapter.environment.distributions import HEADLESS, WHEELS_ONLY
from vrdata_generators.adapter.environment.requirements import RequirementSet

_CONFLICT = re.compile(
    r"Cannot install (?P<all>.+?) because these package versions have conflicting", re.DOTALL
)
_CAUSE = re.compile(r"The conflict is caused by:\n(?:[ \t]+\S.*\n?)+")
_UNRESOLVED = re.compile(
    r"No matching distribution found for (?P<a>\S+)"
    r"|Failed to build installable wheels for some pyproject.toml based projects \((?P<b>[^)]+)\)"
    r"|Could not build wheels for (?P<c>[^,]+),"
)
_PROVIDED_BY = {"distutils": "setuptools"}  # by code of a .pth file, from Python 3.12 on


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
    for item in _items(report):
        name = _name(item)
        allowed = requirements.hashes.get(name)
        found = _archive_hashes(item.get("download_info", {}).get("archive_info", {}))
        if allowed is not None and not allowed & found:
            raise InvalidInputError(
                f"the archive of {name} has another hash than its requirement",
                why=f"pip installed {', '.join(sorted(found)) or 'an archive without a hash'}"
                + _lines_of([name], requirements),
                fix="correct the hash in requirements.txt, or the package index of this machine",
            )


def built_from_source(report: str, missing: str) -> list[str]:
    """A warning for each distribution that was not installed from a wheel, sorted.

    Args:
        report: the JSON that `pip install --report` wrote.
        missing: why the kernel did not sandbox the builds, or "".
    """
    built = sorted(_text(item, " ") for item in _items(report) if not _is_wheel(item))
    rights = f" and with your permissions ({missing})" if missing else ""
    return [
        f"{name} has no wheel and was built from its source: its code ran with network access"
        + rights
        for name in built
    ]


def without_display(report: str) -> tuple[str, ...]:
    """Exact lines that install the same without a display; usually none.

    A dependency can bring OpenCV with a display. It writes the same files as the one without, so
    which of them is imported would depend on the order of pip.

    Args:
        report: the JSON that `pip install --report` wrote.
    """
    items = {_name(item): item for item in _items(report)}
    brought = items.keys() & HEADLESS.keys()
    if not brought:
        return ()
    lines = {name: _exact(item) for name, item in items.items() if name not in brought}
    for name in brought:
        version = items[name]["metadata"]["version"]
        lines.setdefault(HEADLESS[name], f"{HEADLESS[name]}=={version}")
    return tuple(sorted(lines.values()))


def _items(report: str) -> list[dict[str, Any]]:
    return list(json.loads(report)["install"])


def _name(item: dict[str, Any]) -> str:
    return str(canonicalize_name(item["metadata"]["name"]))


def _text(item: dict[str, Any], between: str) -> str:
    return f"{item['metadata']['name']}{between}{item['metadata']['version']}"


def _is_wheel(item: dict[str, Any]) -> bool:
    source = item.get("download_info", {})
    path = urlsplit(source.get("url", "")).path
    return path.endswith(".whl") and "dir_info" not in source and "vcs_info" not in source


def _exact(item: dict[str, Any]) -> str:
    """The line for one archive; a dependency can name a URL instead of a version."""
    if not item.get("is_direct"):
        return _text(item, "==")
    source = item["download_info"]
    vcs = source.get("vcs_info")
    url = f"{vcs['vcs']}+{source['url']}@{vcs['commit_id']}" if vcs else source["url"]
    return _text(item, " @ ").partition(" @ ")[0] + f" @ {url}"


def _archive_hashes(info: dict[str, object]) -> set[str]:
    hashes = info.get("hashes")
    found = (
        {f"{kind}:{digest}" for kind, digest in hashes.items()}
        if isinstance(hashes, dict)
        else set()
    )
    single = info.get("hash")  # pip before 23.0: "sha256=…"
    return found | ({single.replace("=", ":", 1)} if isinstance(single, str) else set())


def versions_in(folder: Path) -> dict[str, str]:
    """Name and version of each distribution in a site-packages folder; none of its code runs."""
    return {
        distribution.metadata["Name"]: _normal(distribution.version)
        for distribution in metadata.distributions(path=[str(folder)])
        if distribution.metadata["Name"]
    }


def _normal(version: str) -> str:
    try:
        return str(Version(version))
    except InvalidVersion:
        return version


def missing_modules(folder: Path, modules: Iterable[str]) -> tuple[str, ...]:
    """The top-level modules that a site-packages folder does not have; none of its code runs."""
    if not folder.is_dir():
        return ()
    places = [str(folder), *_added_by(folder)]
    return tuple(
        name
        for name in sorted(modules)
        if PathFinder.find_spec(_PROVIDED_BY.get(name, name), places) is None
    )


def _added_by(folder: Path) -> Iterator[str]:
    """The folders that `.pth` files add to sys.path; their lines of code are ignored."""
    for file in sorted(folder.glob("*.pth")):
        with contextlib.suppress(OSError):
            for line in file.read_text("utf-8", "replace").splitlines():
                if line.strip() and not line.startswith(("#", "import ", "import\t")):
                    yield str(folder / line.rstrip())


def last_lines(text: str, lines: int = 8) -> str:
    """The end of a program's output, without user names and passwords of URLs.

    Of pip's output, the end of that of the first build that failed.
    """
    relevant = text.partition("[end of output]")[0]
    return without_url_credentials("\n".join(relevant.strip().splitlines()[-lines:]))
