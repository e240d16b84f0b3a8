"""Copy the files of a generator: only regular files from its own folder, within limits."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath, PurePosixPath

from vrdata.errors import InvalidInputError

MAX_FILES = 20_000
MAX_BYTES = 512 * 1024 * 1024

SKIPPED_NAMES = frozenset(
    {".git", "__pycache__", ".venv", "venv", "node_modules", ".pytest_cache", ".mypy_cache"}
)
# Where the known generators write their samples; skipped unless it contains Python files.
OUTPUT_FOLDERS = (PurePosixPath("samples"), PurePosixPath("data/questions"))

_COMPILED = (".pyc", ".pyo")
# Where git-annex keeps the files that its links name.
_ANNEX = (".git", "annex", "objects")


@dataclass(frozen=True, slots=True)
class Copied:
    """How much was copied."""

    files: int
    bytes: int


def copy_repository(source: Path, target: Path) -> Copied:
    """Copy the folder of a generator to `target`, which must not exist.

    A symbolic link to a file inside the folder is replaced by that file.

    Raises:
        InvalidInputError: there is a link to a folder or out of the folder, a special file,
            more than MAX_FILES files or more than MAX_BYTES bytes.
    """
    files = size = 0
    root = source.resolve()
    for path, relative in _walk(root):
        files += 1
        size += path.stat().st_size
        if files > MAX_FILES or size > MAX_BYTES:
            raise InvalidInputError(
                f"{source} is too large for a generator",
                why=f"the limits are {MAX_FILES} files and {MAX_BYTES // 2**20} MiB",
                fix="remove the files that the generator does not read",
            )
        destination = target / relative
        destination.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, destination, follow_symlinks=False)
    return Copied(files, size)


def is_copied(relative: PurePath) -> bool:
    """Whether a file of a generator's folder is copied, by its path in the folder."""
    if SKIPPED_NAMES.intersection(relative.parts) or relative.suffix in _COMPILED:
        return False
    return not any(relative.is_relative_to(folder) for folder in OUTPUT_FOLDERS)


def walk_folders(root: Path) -> Iterator[tuple[Path, list[str], list[str]]]:
    """Each folder of a generator, with the names of its sub-folders and files, sorted.

    Folders that are not copied are left out, and so are files with the name of one.
    """
    for folder, names, files in os.walk(root):
        here = Path(folder)
        names[:] = sorted(
            name
            for name in names
            if name not in SKIPPED_NAMES and not _only_output(here / name, root)
        )
        yield here, names, sorted(name for name in files if name not in SKIPPED_NAMES)


def _only_output(folder: Path, root: Path) -> bool:
    """Whether a sub-folder of a generator's folder has its output and is not copied."""
    outputs = tuple(root / output for output in OUTPUT_FOLDERS)
    return folder in outputs and not any(folder.rglob("*.py"))


def _walk(root: Path) -> Iterator[tuple[Path, Path]]:
    for here, names, files in walk_folders(root):
        for name in names:
            if (here / name).is_symlink():
                raise _refused(here / name, "is a symbolic link to a folder")
        for name in files:
            path = here / name
            if path.suffix not in _COMPILED:
                yield _checked(path, root), path.relative_to(root)


def _checked(path: Path, root: Path) -> Path:
    if path.is_symlink():
        target = path.resolve()
        if not target.is_relative_to(root):
            raise _refused(path, "is a symbolic link to a file outside the folder")
        parts = target.relative_to(root).parts
        if SKIPPED_NAMES.intersection(parts) and parts[: len(_ANNEX)] != _ANNEX:
            raise _refused(path, "is a symbolic link to a file that is not copied")
        path = target
    if not path.is_file():
        raise _refused(path, "is not a regular file")
    return path


def _refused(path: Path, why: str) -> InvalidInputError:
    return InvalidInputError(
        f"{path} cannot be copied",
        why=f"it {why}",
        fix="remove it, or replace it with the file itself",
    )
