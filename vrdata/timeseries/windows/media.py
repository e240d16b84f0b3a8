"""The frames and the picture of a window."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from vrdata.bounded.lru import ByteCache
from vrdata.frames.image import read_image
from vrdata.frames.pixels import Frame, stacked
from vrdata.frames.reader import FrameReader
from vrdata.frames.source import Source
from vrdata.text import count
from vrdata.timeseries.sources import source_of
from vrdata.timeseries.table.episode import Camera, Media
from vrdata.timeseries.table.faults import Fault, FaultError
from vrdata.timeseries.table.reading import Tables
from vrdata.timeseries.table.schema import camera_column
from vrdata.timeseries.windows.period import Period, nearest_step, period_of

Outside = Literal["zero", "clamp"]
"""Frames before the first or after the last one: `zero`, or the nearest frame that there is."""

_SOURCES = 32 * 2**20
_PERIODS = 10_000


class WindowMedia:
    """Reads what the cameras show at a time.

    Args:
        tables: the episodes.
        offsets: of the frames of a window, relative to the one at its time.
        outside: see `Outside`. The mask of such a frame is False in both cases.
        size: height and width of all frames and pictures; None = as they are.
        cache_bytes: of decoded frames and pictures to keep.
    """

    def __init__(
        self,
        tables: Tables,
        offsets: Sequence[int],
        outside: Outside,
        size: tuple[int, int] | None,
        cache_bytes: int,
    ) -> None:
        self._tables, self._offsets, self._outside = tables, tuple(offsets), outside
        self._size = size
        self._reader = FrameReader(cache_bytes, size)
        self._pictures: ByteCache[Hashable, Frame] = ByteCache(cache_bytes // 8)
        self._sources: ByteCache[tuple[int, str], Source] = ByteCache(_SOURCES)
        self._periods: ByteCache[Hashable, tuple[Period | None]] = ByteCache(_PERIODS)
        self._shapes: dict[str, tuple[int, int]] = {}

    def video(
        self, index: int, name: str, camera: Camera, time: int
    ) -> tuple[Frame, NDArray[np.bool_]]:
        """[F, H, W, 3] frames and [F] which of them there are.

        Args:
            index: the episode.
            name: of the camera; "" is the first one.
            camera: of the episode.
            time: nanoseconds on the clock of the episode.

        Raises:
            MediaError: a clip cannot be decoded.
            FaultError: the timestamps do not fit to the frames.
        """
        column, frames = camera_column("video", name), len(self._offsets)
        if camera.video is None:
            shape = self._shape(column)
            return np.zeros((frames, *shape, 3), np.uint8), np.zeros(frames, bool)
        source = self._source(index, column, camera.video)
        first, total = self._frame_at(index, name, camera, source, time)
        wanted = [first + offset for offset in self._offsets]
        mask = np.array([0 <= one < total for one in wanted])
        if self._outside == "clamp":
            wanted = [min(max(one, 0), total - 1) for one in wanted]
        there = [one for one in wanted if 0 <= one < total]
        found = dict(zip(there, self._reader.frames(source, there), strict=True))
        shape = self._shape(column) if not there else (0, 0)
        return stacked([found.get(one) for one in wanted], shape), mask

    def image(self, index: int, name: str, camera: Camera) -> tuple[Frame, NDArray[np.bool_]]:
        """[H, W, 3] the picture of the episode's start, and whether there is one."""
        column = camera_column("image", name)
        if camera.image is None:
            return np.zeros((*self._shape(column), 3), np.uint8), np.array(False)
        source = self._source(index, column, camera.image)
        found = self._pictures.get(source.key)
        if found is None:
            found = read_image(source, self._size)
            self._pictures.put(source.key, found, found.nbytes)
        return found, np.array(True)

    def _frame_at(
        self, index: int, name: str, camera: Camera, source: Source, time: int
    ) -> tuple[int, int]:
        """The frame at a time, and the number of frames."""
        table = self._reader.table(source)
        start, times = camera.video_start or 0, table.times
        exact: Hashable = source.key
        if camera.video_timestamps is not None:
            start, times, exact = 0, camera.video_timestamps, (index, name)
            if len(times) != len(table):
                file, row = self._tables.locate(index)
                column = camera_column("video_timestamps", name)
                frames = count(len(table), "frame")
                fault = Fault(column, f"{len(times)} for {source.name}, which has {frames}")
                raise FaultError(fault, row, str(self._tables.places[file]))
        known = self._periods.get(exact)
        if known is None:
            known = (period_of(times),)
            self._periods.put(exact, known, 1)
        return nearest_step(times, time - start, known[0]), len(times)

    def _source(self, index: int, column: str, media: Media) -> Source:
        found = self._sources.get((index, column))
        if found is None:
            read = self._tables.media(index, column, media)
            place = self._tables.place(index)
            found = source_of(read, place, (str(place), index, column))
            self._sources.put((index, column), found, len(read.data) + 500)
        return found

    def _shape(self, column: str) -> tuple[int, int]:
        """Height and width of the first clip or picture of a table; (0, 0) = there is none."""
        if self._size is not None:
            return self._size
        if column not in self._shapes:
            self._shapes[column] = self._first_shape(column)
        return self._shapes[column]

    def _first_shape(self, column: str) -> tuple[int, int]:
        kind, _, name = column.partition(".")
        index = self._tables.first_with(column)
        if index is None:
            return 0, 0
        camera = self._tables.episode(index, media=False).camera(name)
        if kind == "image":
            return _shape_of(self.image(index, name, camera)[0])
        assert camera.video is not None  # noqa: S101 - `first_with` says so
        source = self._source(index, column, camera.video)
        return _shape_of(self._reader.frames(source, [0])[0])

    def __getstate__(self) -> dict[str, Any]:
        """Without what is kept: another process reads it again."""
        return vars(self) | {
            "_pictures": ByteCache(self._pictures.limit),
            "_sources": ByteCache(_SOURCES),
            "_periods": ByteCache(_PERIODS),
        }


def _shape_of(frame: Frame) -> tuple[int, int]:
    return frame.shape[0], frame.shape[1]
