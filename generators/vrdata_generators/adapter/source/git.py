"""Run git without prompts, hooks, filters and the user's secrets; describe a work tree."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from vrdata.errors import VrdataError
from vrdata.privacy.texts import without_url_credentials
from vrdata.privacy.variables import without_secrets
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
# To fetch what the user asked for, git and its helpers get the user's proxies, agents and tokens.
_TO_FETCH = frozenset(
    {"http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"}
    | {"SSH_AUTH_SOCK", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS", "KRB5CCNAME"}
    | {"GH_TOKEN", "GITHUB_TOKEN", "GH_ENTERPRISE_TOKEN", "GITLAB_TOKEN"}
)
_GITLINK = "160000"
_RUNS_FILTER = r"^filter\..*\.(clean|smudge|process|required)$"


def git(
    arguments: list[str],
    *,
    seconds: int = LOCAL_SECONDS,
    protocols: str = "",
    settings: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run git.

    Args:
        arguments: after `git`.
        seconds: the longest time it can take.
        protocols: the transports that it can use, separated by colons; without any, it also gets
            none of the user's secrets.
        settings: more settings, by name; they override those of the repository.

    Raises:
        VrdataError: git is not installed, or takes too long.
    """
    try:
        return run_program(
            ["git", *_SAFE, *_SAME_FILES, *arguments],
            seconds=seconds,
            env=_environment(protocols, settings or {}),
        )
    except FileNotFoundError:
        raise VrdataError(
            "git is not installed", fix="install git, or add the generator from a folder"
        ) from None
    except subprocess.TimeoutExpired:
        raise VrdataError(
            f"git took longer than {seconds} s", fix="check the URL, then try again"
        ) from None


def _environment(protocols: str, settings: Mapping[str, str]) -> dict[str, str]:
    kept = without_secrets(os.environ, lambda name: _is_needed(name, fetches=bool(protocols)))
    return {
        **{name: value for name, value in kept.items() if name not in _OF_ANOTHER_REPOSITORY},
        **_as_variables(settings),
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "true",
        "SSH_ASKPASS": "true",
        "GIT_SSH_COMMAND": "ssh -o BatchMode=yes -o ConnectTimeout=20",
        "GIT_ALLOW_PROTOCOL": protocols,
        "GIT_LFS_SKIP_SMUDGE": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_LAZY_FETCH": "0" if protocols else "1",
        "LC_ALL": "C.UTF-8",
    }


def _is_needed(name: str, *, fetches: bool) -> bool:
    return name.startswith("GIT_") or (fetches and name in _TO_FETCH)


def _as_variables(settings: Mapping[str, str]) -> dict[str, str]:
    """Settings after those that the environment already has (git(1), GIT_CONFIG_COUNT).

    A name with `=` in it cannot be given with `-c`.
    """
    try:
        first = int(os.environ.get("GIT_CONFIG_COUNT") or 0)
    except ValueError:
        return {}  # git itself reports it
    variables = {"GIT_CONFIG_COUNT": str(first + len(settings))} if settings else {}
    for number, (name, value) in enumerate(settings.items(), start=first):
        variables |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": value}
    return variables


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
    only = ("--porcelain", "--untracked-files=no", "--ignore-submodules=dirty", "--", ".")
    changed = _ask(folder, "status", *only, settings=_no_filters(folder))
    tags = _ask(folder, "ls-files", "-v", "-z", "--", ".")
    others = _ask(folder, "ls-files", "-z", "--others", "--", ".")
    if changed is None or tags is None or others is None or changed.strip():
        return True
    # H: compared with the commit. Others: sparse checkouts, `git update-index --assume-unchanged`.
    if any(not entry.startswith("H") for entry in _entries(tags)):
        return True
    if any(is_copied(PurePosixPath(name)) for name in _entries(others)):
        return True
    submodules = (folder / path for path in submodule_paths(folder))
    return any(_is_changed(path) for path in submodules if (path / ".git").exists())


def _no_filters(folder: Path) -> dict[str, str]:
    """Settings that turn off the filters that a repository itself defines: they are programs.

    The user's own filters, of ~/.gitconfig and the system, still run.
    """
    listed = _ask(
        folder, "config", "-z", "--show-scope", "--name-only", "--get-regexp", _RUNS_FILTER
    )
    scopes_and_names = (listed or "").split("\0")
    return {
        name: "false" if name.endswith(".required") else ""
        for scope, name in zip(scopes_and_names[::2], scopes_and_names[1::2], strict=False)
        if scope in {"local", "worktree"}
    }


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


def _ask(folder: Path, *arguments: str, settings: Mapping[str, str] | None = None) -> str | None:
    """What git prints about a folder; None outside a work tree, without git, and on an error."""
    if not any((base / ".git").exists() for base in (folder, *folder.parents)):
        return None
    try:
        done = git(["-C", str(folder), *arguments], settings=settings)
    except VrdataError:
        return None
    return None if done.returncode else done.stdout


def tail(text: str) -> str:
    """The last lines of git's output, without user names and passwords of URLs."""
    return without_url_credentials("\n".join(text.strip().splitlines()[-5:]))
