"""Fetch one commit of a generator's repository, with its submodules and Git LFS files."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from vrdata.errors import InvalidInputError, UsageError, VrdataError
from vrdata_generators.adapter.source.credentials import kept_apart
from vrdata_generators.adapter.source.git import git, submodule_paths, tail
from vrdata_generators.adapter.source.naming import without_credentials
from vrdata_generators.adapter.source.placeholders import has_lfs_pointers

CLONE_SECONDS = 600
_ANYWHERE = "https:ssh:file"
_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_LFS = (
    *("-c", "filter.lfs.clean=git-lfs clean -- %f"),
    *("-c", "filter.lfs.smudge=git-lfs smudge -- %f"),
    *("-c", "filter.lfs.process=git-lfs filter-process"),
)


@dataclass(frozen=True, slots=True)
class Clone:
    """A checked-out commit.

    Attributes:
        commit: its full hash.
        problems: submodules and Git LFS files that could not be fetched, and why.
    """

    commit: str
    problems: tuple[str, ...] = ()


def clone(url: str, commit: str, target: Path) -> Clone:
    """Clone a repository to `target`, which must not exist, and check out one commit.

    Submodules are checked out at the commits that it records, and Git LFS files are fetched.

    Raises:
        UsageError: the commit is missing or not a full hash.
        VrdataError: the repository cannot be reached.
        InvalidInputError: it does not contain the commit.
    """
    shown, commit = without_credentials(url), commit.lower()
    if not _COMMIT.fullmatch(commit):
        raise UsageError(
            f"no commit is given for {shown}"
            if not commit
            else f"{commit!r} is not a full commit hash",
            why="a branch or a short hash can refer to other code later",
            fix="give the 40-digit hash with --commit SHA (`git ls-remote URL HEAD` prints one)",
        )
    local = url.lower().startswith("file:")
    with kept_apart(url, target.parent) as (plain, settings):
        done = _fetch(settings, ["clone", "--quiet", "--no-checkout", "--", plain, str(target)])
        if done.returncode:
            raise VrdataError(
                f"{shown} cannot be cloned",
                why=tail(done.stderr).replace(url, shown),
                fix="check the URL, and that this machine can read it without a password prompt",
            )
        _check_out(shown, commit, target, settings)
        problems = [
            *_fetch_submodules(target, settings, local=local),
            *_fetch_lfs_files(target, settings),
        ]
    head = git(["-C", str(target), "rev-parse", "HEAD"]).stdout.strip()
    return Clone(head or commit, tuple(problem.replace(url, shown) for problem in problems))


def _fetch(
    settings: tuple[str, ...], arguments: list[str], protocols: str = _ANYWHERE
) -> subprocess.CompletedProcess[str]:
    return git([*settings, *arguments], seconds=CLONE_SECONDS, protocols=protocols)


def _check_out(shown: str, commit: str, target: Path, settings: tuple[str, ...]) -> None:
    here = ["-C", str(target)]
    if git([*here, "cat-file", "-e", f"{commit}^{{commit}}"]).returncode:
        # A commit of no branch, such as that of a pull request: some servers send it by its hash.
        _fetch(settings, [*here, "fetch", "--quiet", "origin", commit])
    done = git([*here, "checkout", "--quiet", "--detach", commit], seconds=CLONE_SECONDS)
    if done.returncode:
        raise InvalidInputError(
            f"{shown} has no commit {commit}",
            why=tail(done.stderr),
            fix="use the commit of one of its branches; `git ls-remote URL` lists them",
        )


def _fetch_submodules(target: Path, settings: tuple[str, ...], *, local: bool) -> Iterator[str]:
    """Check out the submodules; only a repository of this machine can name others on it."""
    for path in submodule_paths(target):
        done = _fetch(
            settings,
            [
                *("-C", str(target), "submodule", "--quiet", "update", "--init", "--recursive"),
                *("--checkout", "--no-recommend-shallow", "--", path),
            ],
            _ANYWHERE if local else "https:ssh",
        )
        if done.returncode:
            yield f"submodule {path}: {tail(done.stderr)}"


def _fetch_lfs_files(target: Path, settings: tuple[str, ...]) -> Iterator[str]:
    for folder in _work_trees(target):
        if not has_lfs_pointers(folder):
            continue
        if git(["lfs", "version"]).returncode:
            yield "git-lfs is not installed on this machine"
            return
        pull = ["-C", str(folder), *_LFS, "lfs", "pull", "--include=", "--exclude="]
        done = _fetch(settings, pull)
        if done.returncode:
            yield f"git lfs pull: {tail(done.stderr)}"


def _work_trees(folder: Path) -> Iterator[Path]:
    """A work tree and its checked-out submodules, at every depth."""
    yield folder
    for path in submodule_paths(folder):
        if (folder / path / ".git").exists():
            yield from _work_trees(folder / path)
