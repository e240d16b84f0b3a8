"""Find files whose content is stored elsewhere: Git LFS pointers, empty submodules and others."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath

from vrdata.errors import InvalidInputError, VrdataError
from vrdata_generators.adapter.source.copying import (
    MAX_FILES,
    is_copied,
    walk_folders,
)
from vrdata_generators.adapter.source.git import submodule_paths, unchecked_paths

MAX_NAMED = 3
MAX_POINTER_BYTES = 1024  # https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md
_LFS = (b"version https://git-lfs.github.com/spec/", b"version https://hawser.github.com/spec/")
_MODULE_PATH = re.compile(r"^\s*path\s*=\s*(.+?)\s*$", re.MULTILINE)
_DVC_PATH = re.compile(r"^\s*(?:-\s+)?path:\s*(.+?)\s*$", re.MULTILINE)
# What each kind is called, and the command that fetches the content.
_KINDS = {
    "lfs": ("Git LFS pointers", "git lfs pull"),
    "submodule": ("submodules", "git submodule update --init --recursive"),
    "sparse": ("files outside its sparse checkout", "git sparse-checkout disable"),
    "annex": ("git-annex pointers", "git annex get"),
    "dvc": ("DVC files", "dvc pull"),
    "crypt": ("files encrypted by git-crypt", "git-crypt unlock"),
}


@dataclass(frozen=True, slots=True, order=True)
class Placeholder:
    """A file or folder whose content is missing.

    Attributes:
        kind: a key of _KINDS.
        path: relative to the generator's folder.
    """

    kind: str
    path: str


def find_placeholders(root: Path) -> tuple[Placeholder, ...]:
    """The files and submodules of a generator's folder whose content is missing, sorted."""
    found = {Placeholder("submodule", path) for path in _empty_submodules(root)}
    for name in unchecked_paths(root):
        if is_copied(PurePosixPath(name)) and not (root / name).exists():
            found.add(Placeholder("sparse", name))
    for path in _files(root):
        kind = _kind(path)
        if kind:
            found.add(Placeholder(kind, path.relative_to(root).as_posix()))
    return tuple(sorted(found))


def has_lfs_pointers(root: Path) -> bool:
    """Whether a folder has a Git LFS pointer."""
    return any(_kind(path) == "lfs" for path in _files(root))


def described(placeholders: Iterable[Placeholder]) -> str:
    """The placeholders by kind, with the first names: `Git LFS pointers (a.png, b.png)`."""
    paths: dict[str, list[str]] = {}
    for one in placeholders:
        paths.setdefault(one.kind, []).append(one.path)
    return " and ".join(f"{_KINDS[kind][0]} ({_named(some)})" for kind, some in paths.items())


def _named(paths: list[str]) -> str:
    more = f" and {len(paths) - MAX_NAMED} more" if len(paths) > MAX_NAMED else ""
    return ", ".join(paths[:MAX_NAMED]) + more


def commands(placeholders: Iterable[Placeholder]) -> str:
    """The commands that fetch the content."""
    kinds = dict.fromkeys(one.kind for one in placeholders)
    return " and ".join(f"`{_KINDS[kind][1]}`" for kind in kinds)


def not_fetched(
    placeholders: tuple[Placeholder, ...], problems: tuple[str, ...]
) -> InvalidInputError:
    """The error for a commit whose content could not be fetched completely."""
    return InvalidInputError(
        f"the commit has {described(placeholders)} without their content",
        why="; ".join(problems) or "git does not fetch them",
        fix="add a folder in which they are checked out: clone the repository, check out the "
        f"commit, run {commands(placeholders)}, then `vrdata generators add FOLDER`",
    )


def missing_content(placeholders: tuple[Placeholder, ...]) -> str:
    """The warning for a folder that is added as it is."""
    return (
        f"it has {described(placeholders)} without their content; "
        f"{commands(placeholders)} in the folder fetches it"
    )


def explained(error: VrdataError, placeholders: tuple[Placeholder, ...]) -> VrdataError:
    """The same error, with the missing content as its likely cause and fix."""
    if not placeholders:
        return error
    cause = f"the folder has {described(placeholders)} without their content"
    return type(error)(
        error.what,
        why=f"{error.why}\n{cause}" if error.why else cause,
        fix=f"run {commands(placeholders)} in the folder, then add it again",
    )


def _files(root: Path) -> Iterator[Path]:
    """The files that would be copied, at most as many as a generator can have."""
    found = (here / name for here, _, files in walk_folders(root) for name in files)
    return islice(found, MAX_FILES)


def _kind(path: Path) -> str:
    if path.is_symlink():
        target = path.readlink().as_posix()
        return "annex" if ".git/annex/objects/" in target and not path.exists() else ""
    try:
        with path.open("rb") as file:
            start = file.read(MAX_POINTER_BYTES + 1)
    except OSError:
        return ""
    if start.startswith(b"\0GITCRYPT\0"):
        return "crypt"
    if path.suffix == ".dvc":
        outputs = _DVC_PATH.findall(start.decode("utf-8", "replace"))
        missing = any(not (path.parent / name.strip("'\"")).exists() for name in outputs)
        return "dvc" if missing else ""
    if len(start) > MAX_POINTER_BYTES:
        return ""
    return "lfs" if start.startswith(_LFS) else "annex" if start.startswith(b"/annex/") else ""


def _empty_submodules(root: Path) -> Iterator[str]:
    for folder in (root, *(path.parent for path in _files(root) if path.name == ".gitmodules")):
        for path in {*submodule_paths(folder), *_listed(folder)}:
            if not _has_content(folder / path):
                yield (folder / path).relative_to(root).as_posix()


def _listed(folder: Path) -> Iterator[str]:
    """The submodules below a folder that its `.gitmodules`, or that of a parent, names."""
    for base in (folder, *folder.parents):
        file = base / ".gitmodules"
        if file.is_file():
            for name in _MODULE_PATH.findall(file.read_text("utf-8", "replace")):
                path = base / name
                if path.is_relative_to(folder) and path != folder:
                    yield path.relative_to(folder).as_posix()
            return
        if (base / ".git").exists():
            return


def _has_content(folder: Path) -> bool:
    return folder.is_dir() and any(path.name != ".git" for path in folder.iterdir())
