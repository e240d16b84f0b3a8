"""Run git without prompts, hooks and settings that change files; describe a work tree."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path, PurePosixPath

from vrdata.errors import VrdataError
from vrdata_generators.adapter.programs import run_program
from vrdata_generators.adapter.source.copying import is_copied
from vrdata_generators.adapter.source.naming import without_credentials

LOCAL_SECONDS = 120
# Without them, the files of a checkout would depend on the settings of this machine.
_SAME_FILES = (
    *("-c", "core.autocrlf=false"),
    *("-c", "core.eol=lf"),
    *("-c", "core.attributesFile=/dev/null"),
    # Keep Git LFS pointers as they are, also where git-lfs is configured but not installed.
    *("-c", "filter.lfs.smudge="),
    *("-c", "filter.lfs.clean="),
    *("-c", "filter.lfs.process="),
    *("-c", "filter.lfs.required=false"),
)
_SAFE = (
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "core.fsmonitor=false"),
    *("-c", "advice.detachedHead=false"),
)
# A git hook that calls vrdata sets them for its own repository.
_OF_ANOTHER_REPOSITORY = frozenset(
    f"GIT_{name}"
    for name in (
        *("DIR", "WORK_TREE", "INDEX_FILE", "COMMON_DIR", "PREFIX", "NAMESPACE"),
        *("OBJECT_DIRECTORY", "ALTERNATE_OBJECT_DIRECTORIES", "SHALLOW_FILE"),
    )
)
_GITLINK = "160000"
_CREDENTIALS = re.compile(r"(\w://)[^/\s@]+@")


def git(
    arguments: list[str], *, seconds: int = LOCAL_SECONDS, protocols: str = "https:ssh:file"
) -> subprocess.CompletedProcess[str]:
    """Run git.

    Args:
        arguments: after `git`.
        seconds: the longest time it can take.
        protocols: the transports that it can use, separated by colons.

    Raises:
        VrdataError: git is not installed, or takes too long.
    """
    try:
        return run_program(
            ["git", *_SAFE, *_SAME_FILES, *arguments],
            seconds=seconds,
            env=_environment(protocols),
        )
    except FileNotFoundError:
        raise VrdataError(
            "git is not installed", fix="install git, or add the generator from a folder"
        ) from None
    except subprocess.TimeoutExpired:
        raise VrdataError(
            f"git took longer than {seconds} s", fix="check the URL, then try again"
        ) from None


def _environment(protocols: str) -> dict[str, str]:
    return {
        **{name: value for name, value in os.environ.items() if name not in _OF_ANOTHER_REPOSITORY},
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "true",
        "SSH_ASKPASS": "true",
        "GIT_SSH_COMMAND": "ssh -o BatchMode=yes -o ConnectTimeout=20",
        "GIT_ALLOW_PROTOCOL": protocols,
        "GIT_LFS_SKIP_SMUDGE": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "LC_ALL": "C.UTF-8",
    }


def describe(folder: Path) -> tuple[str, str]:
    """The origin (without credentials) and commit of a folder in a work tree, "" where unknown.

    A folder whose files differ from the commit has the commit `{hash}-dirty`; so does one with
    untracked or ignored files that are copied. A folder without any tracked file has no commit.
    """
    if not _ask(folder, "ls-files", "-z", "--", "."):
        return "", ""
    head = (_ask(folder, "rev-parse", "HEAD") or "").strip()
    if not head:
        return "", ""
    origin = (_ask(folder, "remote", "get-url", "origin") or "").strip()
    return without_credentials(origin), head + ("-dirty" if _is_changed(folder) else "")


def _is_changed(folder: Path) -> bool:
    changed = _ask(folder, "status", "--porcelain", "--untracked-files=no", "--", ".")
    tags = _ask(folder, "ls-files", "-v", "-z", "--", ".")
    others = _ask(folder, "ls-files", "-z", "--others", "--", ".")
    if changed is None or tags is None or others is None or changed.strip():
        return True
    # H: compared with the commit. Others: sparse checkouts, `git update-index --assume-unchanged`.
    if any(not entry.startswith("H") for entry in _entries(tags)):
        return True
    return any(is_copied(PurePosixPath(name)) for name in _entries(others))


def unchecked_paths(folder: Path) -> tuple[str, ...]:
    """Tracked files that a sparse checkout omits, relative to the folder."""
    listed = _entries(_ask(folder, "ls-files", "-t", "-z", "--", "."))
    return tuple(entry.partition(" ")[2] for entry in listed if entry.startswith("S "))


def submodule_paths(folder: Path) -> tuple[str, ...]:
    """The submodules below a folder of a work tree, relative to it; not those inside them."""
    staged = _entries(_ask(folder, "ls-files", "--stage", "-z", "--", "."))
    return tuple(entry.partition("\t")[2] for entry in staged if entry.startswith(_GITLINK))


def _entries(output: str | None) -> list[str]:
    return [entry for entry in (output or "").split("\0") if entry]


def _ask(folder: Path, *arguments: str) -> str | None:
    """What git prints about a folder; None outside a work tree, without git, and on an error."""
    if not any((base / ".git").exists() for base in (folder, *folder.parents)):
        return None
    try:
        done = git(["-C", str(folder), *arguments])
    except VrdataError:
        return None
    return None if done.returncode else done.stdout


def tail(text: str) -> str:
    """The last lines of git's output, without user names and passwords of URLs."""
    return _CREDENTIALS.sub(r"\1", "\n".join(text.strip().splitlines()[-5:]))
