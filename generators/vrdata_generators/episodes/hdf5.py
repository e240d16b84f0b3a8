"""Open untrusted HDF5 files: links stay in the file, and every error names a place."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from vrdata_generators.episodes.recording import EpisodeError

MAX_BYTES = 2**28
"""Most bytes that are read of a dataset at a time: a file can declare any shape."""
MAX_SHOWN = 5
_MAX_LINKS = 16


class Place:
    """A group or dataset of a file.

    Args:
        node: its h5py object.
        path: from the root of the file, without a leading slash.
        name: of the file, for errors.
    """

    def __init__(self, node: Any, path: str, name: str) -> None:
        self.node, self.path, self.name = node, path, name

    def __str__(self) -> str:
        return f"{self.name}: {self.path or '/'}"

    @property
    def is_group(self) -> bool:
        """Whether it is a group."""
        return isinstance(self.node, h5py.Group)

    def names(self) -> list[str]:
        """Names in a group, in no order. Raises EpisodeError."""
        with reading(str(self)):
            names = list(self.node)
        if not all(isinstance(name, str) for name in names):
            raise EpisodeError(f"{self} is damaged: a name in it is not UTF-8")
        return names

    def find(self, path: str) -> Place:
        """What is at a path below this group; a leading slash starts at the root of the file.

        Raises:
            EpisodeError: nothing is there, or a link leads to another file.
        """
        with reading(f"{self.name}: {path}"):
            return _found(self, path, _MAX_LINKS)

    def shape(self) -> tuple[int, ...]:
        """Of a dataset. Raises EpisodeError if it is none, or its values are in other files."""
        if not isinstance(self.node, h5py.Dataset):
            raise EpisodeError(f"{self} is not a dataset")
        if self.node.external or self.node.is_virtual:
            raise EpisodeError(f"{self}: its values are in other files")
        if self.node.shape is None:
            raise EpisodeError(f"{self} is empty")
        return tuple(self.node.shape)

    def read(self, index: int | None = None) -> NDArray[Any]:
        """The values of a dataset, or those of one step. Raises EpisodeError."""
        with reading(str(self)):
            shape = self.shape() if index is None else self.shape()[1:]
            values = int(np.prod(shape, dtype=object))
            size = values * self.node.dtype.itemsize
            if size > MAX_BYTES:
                raise EpisodeError(f"{self} has {size} bytes, at most {MAX_BYTES} are read at once")
            if self.node.dtype.hasobject and values > 1:  # all can name the same large one
                raise EpisodeError(f"{self} has {values} values of any length, at most one is read")
            return np.asarray(self.node[()] if index is None else self.node[index])


def _found(start: Place, path: str, links: int) -> Place:
    here = Place(start.node.file["/"], "", start.name) if path.startswith("/") else start
    for part in filter(None, path.split("/")):
        link = here.node.get(part, getlink=True) if here.is_group else None
        where = f"{here.path}/{part}".strip("/")
        if link is None:
            raise EpisodeError(f"{here.name}: {where} is missing: {_listed(here)}")
        if isinstance(link, h5py.ExternalLink):
            raise EpisodeError(f"{here.name}: {where} is a link to another file")
        if isinstance(link, h5py.SoftLink):
            if not links:
                raise EpisodeError(f"{here.name}: {where}: too many links")
            node = _found(here, link.path, links - 1).node
        else:
            node = here.node[part]
        here = Place(node, where, here.name)
    return here


def _listed(place: Place) -> str:
    shown = place.path or "the file"
    if not place.is_group:
        return f"{shown} is not a group"
    names = sorted(place.names())
    more = ", …" if len(names) > MAX_SHOWN else ""
    return f"{shown} has {', '.join(names[:MAX_SHOWN]) or 'nothing'}{more}"


@contextmanager
def open_hdf5(path: Path, name: str) -> Iterator[Place]:
    """The root of a file.

    Args:
        path: the file.
        name: for errors.

    Raises:
        FileNotFoundError, PermissionError: it cannot be opened.
        EpisodeError: it is not an HDF5 file, or is damaged.
    """
    with path.open("rb"):
        pass  # h5py reports a missing file as it reports a damaged one
    try:
        file = h5py.File(path, "r", locking=False)
    except OSError as error:
        raise EpisodeError(f"{name} is not an HDF5 file, or is damaged: {_short(error)}") from None
    with file:
        with reading(name):
            root = file["/"]
        yield Place(root, "", name)


@contextmanager
def reading(place: str) -> Iterator[None]:
    """Name the place of whatever HDF5 raises for damaged data."""
    try:
        yield
    except EpisodeError:
        raise
    except (OSError, LookupError, OverflowError, RuntimeError, TypeError, ValueError) as error:
        raise EpisodeError(f"{place} is damaged: {_short(error)}") from None


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
