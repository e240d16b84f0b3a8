"""Where the images and videos of a new table go: into it, or into a folder beside it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from vrdata.errors import OutputConflictError
from vrdata.timeseries.table.episode import Media


class Keep(Protocol):
    """Stores an image or a video."""

    def __call__(self, row: int, name: str, data: bytes) -> Media:
        """Store bytes.

        Args:
            row: of the table.
            name: a file name; its ending tells the format.
            data: the bytes of the file.
        """


def embed(row: int, name: str, data: bytes) -> Media:
    """Store bytes in the table."""
    del row
    return Media(name, data)


class Beside:
    """A folder beside a table, which appears under its name with the table.

    Args:
        table: `episodes.parquet` has the folder `episodes_media`.

    Raises:
        OutputConflictError: the folder exists.
    """

    def __init__(self, table: Path) -> None:
        self._folder = table.with_name(f"{table.stem}_media")
        self._part = table.with_name(f".{self._folder.name}.{os.getpid()}.part")
        if self._folder.exists():
            raise OutputConflictError(
                f"{self._folder} already exists",
                why="the images and videos of the new table go there",
                fix="remove it, or give the table another name",
            )

    def __enter__(self) -> Self:
        self._part.mkdir(parents=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        shutil.rmtree(self._part, ignore_errors=True)

    def keep(self, row: int, name: str, data: bytes) -> Media:
        """Store bytes in a file of their own: two cameras can have one name."""
        stem, dot, ending = name.rpartition(".")
        for number in count(1):
            unique = name if number == 1 else f"{stem}-{number}{dot}{ending}"
            file = f"{row:06d}.{unique}"
            try:
                with (self._part / file).open("xb") as stream:
                    stream.write(data)
            except FileExistsError:
                continue
            break
        return Media(f"{self._folder.name}/{file}")

    def commit(self) -> None:
        """Give the folder its name, if it has files."""
        if any(self._part.iterdir()):
            self._part.rename(self._folder)


@contextmanager
def media_of(table: Path, *, beside: bool) -> Iterator[tuple[Keep, Callable[[], None]]]:
    """Where the images and videos of a new table go, and what to call before it gets its name.

    Args:
        table: the new file.
        beside: store images and videos in a folder; else in the table.

    Raises:
        OutputConflictError: see `Beside`.
    """
    if not beside:
        yield embed, lambda: None
        return
    with Beside(table) as folder:
        yield folder.keep, folder.commit
