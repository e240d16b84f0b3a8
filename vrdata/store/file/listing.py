"""List a folder tree lazily in the order in which S3 lists keys."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from vrdata.store.keys import TEMPORARY, key_problem
from vrdata.store.port import ObjectInfo, StorageError


def walk(root: Path, prefix: str, after: str) -> Iterator[ObjectInfo]:
    """Regular files below `root` whose key starts with `prefix` and sorts after `after`.

    Keys come in the order of their UTF-8 bytes, which is Python's order of strings. Only folders
    that can contain such a key are read. Symbolic links and unfinished writes are skipped.

    Raises:
        OSError: a folder cannot be read.
        StorageError: a file's name cannot be part of a key.
    """
    start = prefix.rpartition("/")[0]
    if start and key_problem(start):
        return
    folder = root / start
    if os.path.realpath(folder) == str(folder):
        yield from _walk(folder, f"{start}/" if start else "", prefix, after)


def _walk(folder: Path, base: str, prefix: str, after: str) -> Iterator[ObjectInfo]:
    for name in _names(folder):
        key = base + name
        if key.endswith("/"):
            if _may_hold(key, prefix, after):
                yield from _walk(folder / name, key, prefix, after)
        elif key.startswith(prefix) and key > after:
            if problem := key_problem(key):
                raise StorageError(
                    f"{key!r} in {folder} is not a valid object name",
                    why=problem,
                    fix="rename or remove the file",
                )
            try:
                found = (folder / name).stat(follow_symlinks=False)
            except FileNotFoundError:
                continue
            yield ObjectInfo(key, found.st_size, modified=found.st_mtime)


def _may_hold(folder_key: str, prefix: str, after: str) -> bool:
    """Whether a key below `folder_key` (which ends with a slash) can match."""
    on_the_way = folder_key.startswith(prefix) or prefix.startswith(folder_key)
    return on_the_way and (folder_key > after or after.startswith(folder_key))


def _names(folder: Path) -> list[str]:
    """Names in a folder; folders end with a slash, so that they sort like the keys below them.

    `a-b/` comes before `a/`, because `-` is less than `/`: the name alone would sort otherwise.
    """
    names = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    if entry.name != TEMPORARY:
                        names.append(f"{entry.name}/")
                elif entry.is_file(follow_symlinks=False):
                    names.append(entry.name)
    except (FileNotFoundError, NotADirectoryError):
        return []
    names.sort()
    return names
