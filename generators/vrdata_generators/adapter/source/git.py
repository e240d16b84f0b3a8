"""Fetch one commit of a generator's repository with git."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from vrdata.errors import InvalidInputError, UsageError, VrdataError
from vrdata_generators.adapter.source.naming import without_credentials

CLONE_SECONDS = 600
LOCAL_SECONDS = 60
_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_SAFE = (
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "core.fsmonitor=false"),
    *("-c", "advice.detachedHead=false"),
)


def clone(url: str, commit: str, target: Path) -> None:
    """Clone a repository to `target`, which must not exist, and check out one commit.

    Submodules and Git LFS objects are not fetched; git never prompts.

    Raises:
        UsageError: the commit is missing or not a full hash.
        VrdataError: the repository cannot be reached.
        InvalidInputError: it does not contain the commit.
    """
    shown = without_credentials(url)
    if not _COMMIT.fullmatch(commit):
        raise UsageError(
            f"no commit is given for {shown}"
            if not commit
            else f"{commit!r} is not a full commit hash",
            why="a branch or a short hash can refer to other code later",
            fix="give the 40-digit hash with --commit SHA (`git ls-remote URL HEAD` prints one)",
        )
    done = _git(["clone", "--quiet", "--no-checkout", "--", url, str(target)], CLONE_SECONDS)
    if done.returncode:
        raise VrdataError(
            f"{shown} cannot be cloned",
            why=_tail(done.stderr).replace(url, shown),
            fix="check the URL, and that this machine can read it without a password prompt",
        )
    done = _git(["-C", str(target), "checkout", "--quiet", "--detach", commit], LOCAL_SECONDS)
    if done.returncode:
        raise InvalidInputError(
            f"{shown} has no commit {commit}",
            why=_tail(done.stderr),
            fix="use the commit of one of its branches; `git ls-remote URL` lists them",
        )


def describe(folder: Path) -> tuple[str, str]:
    """The origin (without credentials) and commit of a local work tree, "" where unknown.

    A work tree with changes has the commit `{hash}-dirty`.
    """
    if not (folder / ".git").exists():
        return "", ""
    head = _git(["-C", str(folder), "rev-parse", "HEAD"], LOCAL_SECONDS)
    if head.returncode:
        return "", ""
    origin = _git(["-C", str(folder), "remote", "get-url", "origin"], LOCAL_SECONDS)
    changed = _git(["-C", str(folder), "status", "--porcelain"], LOCAL_SECONDS)
    dirty = "-dirty" if changed.returncode or changed.stdout.strip() else ""
    return without_credentials(origin.stdout.strip()), head.stdout.strip() + dirty


def _git(arguments: list[str], seconds: int) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "true",
        "SSH_ASKPASS": "true",
        "GIT_SSH_COMMAND": "ssh -o BatchMode=yes -o ConnectTimeout=20",
        "GIT_ALLOW_PROTOCOL": "https:ssh:file",
        "GIT_LFS_SKIP_SMUDGE": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "LC_ALL": "C.UTF-8",
    }
    try:
        return subprocess.run(
            ["git", *_SAFE, *arguments],  # noqa: S607 - the user's own git
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=seconds,
            check=False,
        )
    except FileNotFoundError:
        raise VrdataError(
            "git is not installed", fix="install git, or add the generator from a folder"
        ) from None
    except subprocess.TimeoutExpired:
        raise VrdataError(
            f"git took longer than {seconds} s", fix="check the URL, then try again"
        ) from None


def _tail(text: str) -> str:
    return "\n".join(text.strip().splitlines()[-5:])
