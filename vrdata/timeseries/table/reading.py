"""Read episodes in any order from one or several files."""

from __future__ import annotations

import hashlib
import os
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vrdata.bounded.lru import ByteCache
from vrdata.errors import UsageError
from vrdata.timeseries.table.episode import Episode, Media
from vrdata.timeseries.table.faults import (
    Fault,
    FaultError,
    RowFault,
    TimeSeriesError,
    find_faults,
)
from vrdata.timeseries.table.files import TableFile
from vrdata.timeseries.table.groups import Group
from vrdata.timeseries.table.places import Access, Place, place_of
from vrdata.timeseries.table.schema import SERIES, camera_column

CACHE = 64 * 2**20
"""Bytes of row groups that are kept by default."""
_OPEN = 16
"""Files that are open at the same time."""


def open_tables(
    files: Sequence[str | Path],
    *,
    endpoint: str = "",
    region: str = "",
    profile: str = "",
    cache_bytes: int = CACHE,
) -> Tables:
    """Open tables as one sequence of episodes; reads the footers only.

    Args:
        files: paths or `s3://` URLs of Parquet files, at least one.
        endpoint: see `vrdata.store.opening.open_store`, as `region` and `profile`.
        region: of the bucket.
        profile: of the AWS configuration files.
        cache_bytes: of decoded row groups to keep; one group is always read completely.

    Raises:
        TimeSeriesError: a file is no table of time series, or they do not fit together.
        NotFoundError, StorageError, OSError: a file cannot be read.
    """
    if not files:
        raise UsageError("no table is named", fix="name at least one Parquet file")
    access = Access(endpoint, region, profile)
    return Tables([place_of(file, access) for file in files], cache_bytes)


class Tables:
    """Episodes of several files. Each process opens the files itself: it can be sent to others.

    Args:
        places: the files.
        cache_bytes: see `open_tables`.

    Attributes:
        places: the files.
        dimensions: values of one step of `actions` and of `observations`.
        cameras: names of further cameras, of the first file.
        fingerprint: hex sha256 of the fingerprints of the files, in their order.
    """

    def __init__(self, places: Sequence[Place], cache_bytes: int = CACHE) -> None:
        self.places = tuple(places)
        self._limit = cache_bytes
        self._begin()
        self.dimensions: dict[str, int] = {}
        starts, fingerprints = [0], []
        for number in range(len(places)):
            file = self.file(number)
            starts.append(starts[-1] + file.rows)
            fingerprints.append(file.fingerprint)
            self._compare(file)
        self._starts: NDArray[np.int64] = np.array(starts, np.int64)
        self._count = starts[-1]
        self.fingerprints = tuple(fingerprints)
        self.fingerprint = hashlib.sha256("\n".join(fingerprints).encode()).hexdigest()
        self.cameras = self.file(0).cameras

    def __len__(self) -> int:
        """The number of episodes."""
        return self._count

    def episode(self, index: int, *, media: bool = True) -> Episode:
        """One episode, checked; its arrays are read-only views.

        Args:
            index: from 0, over all files.
            media: also read the bytes of embedded images and videos.

        Raises:
            FaultError: it is not valid. Names file, row, column and step.
            IndexError: there is no such episode.
            TimeSeriesError, StorageError, OSError: the file cannot be read.
        """
        file, row = self.locate(index)
        group, at = self._group(file, row)
        if at not in group.checked:
            for fault in self._faults(group, at):
                raise FaultError(fault, row, str(self.places[file]))
            group.checked.add(at)
        episode = group.episode(at)
        return self._with_media(index, episode) if media else episode

    def faults(self, index: int) -> Iterator[Fault]:
        """All faults of an episode. Raises as `episode`, but no FaultError."""
        yield from self._faults(*self._group(*self.locate(index)))

    def _faults(self, group: Group, at: int) -> Iterator[Fault]:
        try:
            episode = group.episode(at)
        except RowFault as error:
            yield error.fault
            return
        yield from find_faults(episode, self.dimensions, unread=True)

    def steps(self, column: str) -> NDArray[np.int64]:
        """The number of steps of each episode: reads one small column, and keeps no values."""
        counts = [
            steps for number in range(len(self.places)) for steps in self.file(number).steps(column)
        ]
        return np.concatenate(counts) if counts else np.empty(0, np.int64)

    def media(self, index: int, column: str, media: Media) -> Media:
        """An image or video with its bytes, if the table has them.

        Args:
            index: the episode.
            column: such as `video` or `image.wrist`.
            media: what `episode` returned without media.
        """
        file, row = self.locate(index)
        number, at = self._position(file, row)
        key = file, number, column
        bodies = self._media.get(key)
        if bodies is None:
            bodies = self.file(file).media(number, column)
            self._media.put(key, bodies, bodies.nbytes)
        body = bodies[at].as_py()
        if not body and not media.path:
            fault = Fault(column, "it has neither bytes nor a path")
            raise FaultError(fault, row, str(self.places[file]))
        return replace(media, data=body) if body else media

    def first_with(self, column: str) -> int | None:
        """The first episode that has an image or a video; None = there is none."""
        for number in range(len(self.places)):
            for first, present in self.file(number).present(column):
                if present.any():
                    return int(self._starts[number]) + first + int(np.argmax(present))
        return None

    def locate(self, index: int) -> tuple[int, int]:
        """The file and the row in it. Raises IndexError."""
        if not 0 <= index < self._count:
            raise IndexError(f"episode {index} of {self._count}")
        file = int(self._starts.searchsorted(index, "right")) - 1
        return file, index - int(self._starts[file])

    def group_ranges(self, number: int) -> Iterator[tuple[int, int]]:
        """The episodes of each row group of a file: the first, and the one after the last."""
        starts = self.file(number).starts + self._starts[number]
        for first, stop in pairwise(starts.tolist()):
            if first < stop:
                yield first, stop

    def place(self, index: int) -> Place:
        """The file that has an episode; paths of its media are relative to its folder."""
        return self.places[self.locate(index)[0]]

    def file(self, number: int) -> TableFile:
        """One of the files, open in this process."""
        if self._pid != os.getpid():  # a forked process shares positions in files
            self._begin()
        found = self._files.get(number)
        if found is None:
            found = self._files[number] = TableFile(self.places[number])
            if len(self._files) > _OPEN:
                self._files.popitem(last=False)
        self._files.move_to_end(number)
        return found

    def __getstate__(self) -> dict[str, Any]:
        """All but what belongs to this process."""
        return {
            name: value
            for name, value in vars(self).items()
            if name not in {"_files", "_groups", "_media", "_pid"}
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._begin()

    def _begin(self) -> None:
        self._pid = os.getpid()
        self._files: OrderedDict[int, TableFile] = OrderedDict()
        self._groups: ByteCache[tuple[int, int], Group] = ByteCache(self._limit)
        self._media: ByteCache[tuple[int, int, str], Any] = ByteCache(self._limit)

    def _group(self, file: int, row: int) -> tuple[Group, int]:
        number, at = self._position(file, row)
        found = self._groups.get((file, number))
        if found is None:
            found = self.file(file).group(number)
            self._groups.put((file, number), found, found.size)
        return found, at

    def _position(self, file: int, row: int) -> tuple[int, int]:
        starts = self.file(file).starts
        number = int(starts.searchsorted(row, "right")) - 1
        return number, row - int(starts[number])

    def _with_media(self, index: int, episode: Episode) -> Episode:
        def read(kind: str, name: str, media: Media | None) -> Media | None:
            return None if media is None else self.media(index, camera_column(kind, name), media)

        views = {
            name: replace(
                view := episode.camera(name),
                image=read("image", name, view.image),
                video=read("video", name, view.video),
            )
            for name in ("", *episode.cameras)
        }
        first = views.pop("")
        return replace(episode, image=first.image, video=first.video, cameras=views)

    def _compare(self, file: TableFile) -> None:
        """Note the dimensions of the first file; others have equal ones, and equal cameras."""
        first = self.file(0)
        if set(file.cameras) != set(first.cameras):
            raise TimeSeriesError(
                f"{file.place} has {_listed(file)}, {first.place} has {_listed(first)}",
                fix="use only tables of the same cameras together",
            )
        for column in SERIES:
            found = file.dimensions(column)
            if found is None and file.rows:
                found = _first_width(file, column)
            if found is None:
                continue
            expected = self.dimensions.setdefault(column, found)
            if found != expected:
                raise TimeSeriesError(
                    f"{file.place}: {column} has {found} values a step, "
                    f"{self.places[0]} has {expected}",
                    fix="use only tables of the same robot together",
                )


def _listed(file: TableFile) -> str:
    return (
        f"the further cameras {', '.join(file.cameras)}" if file.cameras else "no further cameras"
    )


def _first_width(file: TableFile, column: str) -> int | None:
    """Values of the first step: the schema does not say it."""
    try:
        return file.group(0, [column]).width(column)
    except RowFault as error:
        raise FaultError(error.fault, 0, str(file.place)) from None
