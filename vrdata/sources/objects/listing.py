"""List the files of a folder or a bucket in the order of the bytes of their names."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from vrdata.errors import InvalidInputError
from vrdata.sources.globs import included, includes_hidden, is_hidden
from vrdata.sources.port import SourceAccessError, SourceUnavailableError
from vrdata.store.keys import key_problem
from vrdata.store.port import ObjectStore


class Listed(NamedTuple):
    """A file.

    Attributes:
        name: path below the source, with `/`.
        size: bytes.
        digest: `etag:…` of an object; "" = its bytes must be read.
    """

    name: str
    size: int
    digest: str = ""


def list_bucket(store: ObjectStore, include: Sequence[str]) -> Iterator[Listed]:
    """The objects of a store, in the order in which S3 lists them.

    Args:
        store: the bucket, below a prefix.
        include: see `included`; hidden objects are skipped unless a glob matches them.

    Raises:
        InvalidInputError: a key cannot be the path of a file.
        SourceUnavailableError: the server lists in another order.
        StorageError, StoreAccessError: the store cannot be used.
    """
    before = ""
    for info in store.list_after(""):
        if info.key.endswith("/"):  # consoles create such objects for folders
            continue
        if info.key.encode() <= before.encode():
            raise SourceUnavailableError(
                f"{store.url} lists {info.key} after {before}",
                why="items need the same order each time: that of the bytes of their names",
                fix="use a server that lists in order, as S3 does, or copy the data to a folder",
            )
        before = info.key
        if not included(info.key, ()) and not (include and included(info.key, include)):
            continue
        _require_usable(info.key, store.url)
        yield Listed(info.key, info.size, f"etag:{info.etag}" if info.etag else "")


def list_folder(root: Path, include: Sequence[str]) -> Iterator[Listed]:
    """The regular files below a folder, in the order in which S3 would list them.

    Memory has the names of one folder for each level.

    Args:
        root: the folder.
        include: see `included`; hidden folders are not read unless a glob can match in them.

    Raises:
        InvalidInputError: there is a symbolic link or special file, or a name that is not UTF-8.
        SourceAccessError: a folder cannot be read.
    """
    yield from _walk(root, "", hidden=includes_hidden(include))


def _walk(root: Path, base: str, *, hidden: bool) -> Iterator[Listed]:
    for name in _names(root, base, hidden=hidden):
        if name.endswith("/"):
            yield from _walk(root, base + name, hidden=hidden)
            continue
        _require_usable(base + name, str(root))
        try:
            size = (root / base / name).stat(follow_symlinks=False).st_size
        except FileNotFoundError:  # deleted just now
            continue
        yield Listed(base + name, size)


def _names(root: Path, base: str, *, hidden: bool) -> list[str]:
    """Names in a folder; folders end with a slash, so that they sort like the names below them."""
    names = []
    try:
        with os.scandir(root / base) as entries:
            for entry in entries:
                if is_hidden(entry.name) and not hidden:
                    continue
                if entry.is_dir(follow_symlinks=False):
                    names.append(f"{entry.name}/")
                elif entry.is_file(follow_symlinks=False):
                    names.append(entry.name)
                else:
                    raise _irregular(root, base + entry.name, link=entry.is_symlink())
    except OSError as error:
        raise SourceAccessError(
            f"cannot read the folder {root / base}",
            why=error.strerror or str(error),
            fix="allow reading it, or name another folder",
        ) from None
    names.sort()
    return names


def _irregular(root: Path, name: str, *, link: bool) -> InvalidInputError:
    kind = "a symbolic link" if link else "not a regular file"
    return InvalidInputError(
        f"{name!r} in {root} is {kind}",
        why="a source is read without links, which could lead out of it" if link else "",
        fix=f"copy the folder with `cp -rL {root} COPY`, which replaces links with their files, "
        "and name the copy"
        if link
        else "remove it, or name another folder",
    )


def _require_usable(name: str, where: str) -> None:
    problem = key_problem(name)
    if problem:
        raise InvalidInputError(
            f"{name!r} in {where} cannot be the name of an item", why=problem, fix="rename the file"
        )
