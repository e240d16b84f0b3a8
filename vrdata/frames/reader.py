"""Frames of many clips: open clips, their seek tables and decoded frames are kept for a while."""

from __future__ import annotations

import os
from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np

from vrdata.bounded.lru import ByteCache
from vrdata.frames.clip import Clip
from vrdata.frames.pixels import Frame, ToPixels
from vrdata.frames.seektable import SeekTable
from vrdata.frames.source import MediaError, Source

CACHE = 256 * 2**20
"""Bytes of decoded frames that are kept by default."""
_CLIPS = 8
"""Clips that are open at the same time."""
_TABLES = 16 * 2**20
"""Bytes of seek tables that are kept."""

_PIXEL = 3
"""Bytes of a pixel in memory, at most: of most decoded frames, half of that."""
_inherited: list[ByteCache[Hashable, Clip]] = []


class FrameReader:
    """Reads frames. Each process opens the clips itself: it can be sent to others.

    Args:
        cache_bytes: of decoded frames to keep.
        size: height and width of the frames; None = as they are.
    """

    def __init__(self, cache_bytes: int = CACHE, size: tuple[int, int] | None = None) -> None:
        self._limit, self._size = cache_bytes, size
        self._begin()

    def table(self, source: Source) -> SeekTable:
        """The frames of a clip: their number and times. Raises as `Clip`."""
        self._check_process()
        found = self._tables.get(source.key)
        return self._clip(source).table if found is None else found

    def frames(self, source: Source, indexes: Sequence[int]) -> list[Frame]:
        """Frames of one clip, in the order of `indexes`; each is read-only.

        Raises:
            MediaError: one cannot be decoded, or they differ in size.
            IndexError: there is no such frame.
        """
        self._check_process()
        wanted = {index: self._frames.get((source.key, index)) for index in indexes}
        missing = sorted(index for index, frame in wanted.items() if frame is None)
        if missing:
            self._decode(source, missing, wanted)
        found = [self._image(source, index, wanted[index]) for index in indexes]
        if len({frame.shape for frame in found}) > 1:
            shapes = sorted({frame.shape[:2] for frame in found})
            raise MediaError(
                f"{source.name}: inconsistent frame shapes {shapes}", fix="choose a frame size"
            )
        return found

    def _decode(self, source: Source, missing: list[int], wanted: dict[int, Any]) -> None:
        """Add the missing frames; all that are decoded on the way are kept for other windows."""
        clip = self._clip(source)
        if missing[0] < 0 or missing[-1] >= len(clip.table):
            raise IndexError(f"frames {missing} of {len(clip.table)}")
        for index, frame in clip.frames(missing):
            if index in wanted:
                wanted[index] = frame
            else:
                size = frame.width * frame.height * _PIXEL
                self._frames.put((source.key, index), frame, size)

    def _image(self, source: Source, index: int, frame: Any) -> Frame:
        """The pixels of a frame; they are kept in place of what the decoder returned."""
        if isinstance(frame, np.ndarray):
            return frame
        image = self._pixels(frame)
        self._frames.put((source.key, index), image, image.nbytes)
        return image

    def _clip(self, source: Source) -> Clip:
        clip = self._clips.get(source.key)
        if clip is None:
            clip = Clip(source, self._tables.get(source.key))
            size = clip.table.pts.nbytes * 3
            self._tables.put(source.key, clip.table, size)
            self._clips.put(source.key, clip, 1)
        return clip

    def _check_process(self) -> None:
        if self._pid != os.getpid():
            # A forked process shares positions in files; to close them here can wait for ever.
            _inherited.append(self._clips)
            self._begin()

    def _begin(self) -> None:
        self._pid = os.getpid()
        self._pixels = ToPixels(self._size)
        self._clips: ByteCache[Hashable, Clip] = ByteCache(_CLIPS, Clip.close)
        self._tables: ByteCache[Hashable, SeekTable] = ByteCache(_TABLES)
        self._frames: ByteCache[tuple[Hashable, int], Any] = ByteCache(self._limit)

    def __getstate__(self) -> dict[str, Any]:
        """The arguments."""
        return {"_limit": self._limit, "_size": self._size}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._begin()
