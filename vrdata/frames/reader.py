"""Frames of many clips: open clips, their seek tables and decoded frames are kept for a while."""

from __future__ import annotations

import os
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vrdata.bounded.lru import ByteCache
from vrdata.frames.clip import Clip
from vrdata.frames.image import read_image
from vrdata.frames.pixels import Frame, ToPixels
from vrdata.frames.seektable import SeekTable
from vrdata.frames.source import MediaError, Source

CACHE = 256 * 2**20
"""Bytes of decoded frames that are kept by default."""
_CLIPS = 8
"""Clips that are open at the same time."""
_TABLES = 128 * 2**20
"""Bytes of seek tables that are kept: to make one, a whole clip is read."""

_Key = tuple[Hashable, int | None]
"""A clip and a frame of it, or a picture and None."""
_inherited: list[ByteCache[Hashable, Clip]] = []


@dataclass(frozen=True, slots=True)
class CacheInfo:
    """What a cache of frames did in this process.

    Attributes:
        hits: frames that were asked for, and kept.
        misses: frames that were asked for, and had to be decoded.
        items: frames that are kept now.
        bytes: their memory.
        max_items: as given; None = any number.
        max_bytes: as given.
    """

    hits: int
    misses: int
    items: int
    bytes: int
    max_items: int | None
    max_bytes: int

    @property
    def hit_ratio(self) -> float:
        """Hits / all; 0 if there were none."""
        return self.hits / max(1, self.hits + self.misses)


class FrameReader:
    """Reads frames and pictures. Each process opens the files itself: it can be sent to others.

    Args:
        cache_bytes: of decoded frames to keep.
        size: height and width of the frames; None = as they are.
        cache_items: decoded frames to keep; None = any number.
        passed: keep frames too that are only decoded on the way to others.
    """

    def __init__(
        self,
        cache_bytes: int = CACHE,
        size: tuple[int, int] | None = None,
        cache_items: int | None = None,
        *,
        passed: bool = True,
    ) -> None:
        self._limit, self._size, self._items = cache_bytes, size, cache_items
        self._passed = passed and cache_bytes > 0
        self._begin()

    @property
    def cache_info(self) -> CacheInfo:
        """The figures of this process."""
        self._check_process()
        kept = self._frames
        return CacheInfo(self._hits, self._misses, len(kept), kept.size, self._items, self._limit)

    def table(self, source: Source) -> SeekTable:
        """The frames of a clip: their number and times. Raises as `Clip`."""
        self._check_process()
        found = self._tables.get(source.key)
        return self._clip(source).table if found is None else found

    def frames(self, source: Source, indexes: Sequence[int], *, mixed: bool = False) -> list[Frame]:
        """Frames of one clip, in the order of `indexes`; each is read-only.

        Args:
            source: the clip.
            indexes: of frames, in any order.
            mixed: they may differ in size.

        Raises:
            MediaError: one cannot be decoded, or they differ in size.
            IndexError: there is no such frame.
        """
        self._check_process()
        wanted: dict[int, Any] = {index: self._kept((source.key, index)) for index in indexes}
        missing = sorted(index for index, frame in wanted.items() if frame is None)
        if missing:
            self._decode(source, missing, wanted)
        found: list[Frame] = [wanted[index] for index in indexes]
        if not mixed and len({frame.shape for frame in found}) > 1:
            shapes = sorted({frame.shape[:2] for frame in found})
            raise MediaError(
                f"{source.name}: inconsistent frame shapes {shapes}", fix="choose a frame size"
            )
        return found

    def picture(self, source: Source) -> Frame:
        """[H, W, 3] a picture, read-only; it is kept as frames are. Raises as `read_image`."""
        self._check_process()
        key = (source.key, None)
        found = self._kept(key)
        if found is None:
            found = read_image(source, self._size)
            self._frames.put(key, found, found.nbytes)
        return found

    def _kept(self, key: _Key) -> Frame | None:
        """A kept frame as pixels."""
        found = self._frames.get(key)
        if found is None:
            self._misses += 1
            return None
        self._hits += 1
        return self._image(key, found)

    def _decode(self, source: Source, missing: list[int], wanted: dict[int, Any]) -> None:
        """Add the missing frames."""
        clip = self._clip(source)
        if missing[0] < 0 or missing[-1] >= len(clip.table):
            raise IndexError(f"frames {missing} of {len(clip.table)}")
        try:
            for index, frame in clip.frames(missing):
                key = (source.key, index)
                if index in wanted:
                    wanted[index] = self._image(key, frame)
                elif self._passed:
                    size = sum(plane.buffer_size for plane in frame.planes)
                    self._frames.put(key, frame, size)
        except MediaError:
            self._clips.forget(source.key)  # the next one opens it again
            raise

    def _image(self, key: _Key, frame: Any) -> Frame:
        """The pixels of a frame; they are kept in place of what the decoder returned."""
        if isinstance(frame, np.ndarray):
            return frame
        image = self._pixels(frame)
        self._frames.put(key, image, image.nbytes)
        return image

    def _clip(self, source: Source) -> Clip:
        clip = self._clips.get(source.key)
        if clip is None:
            clip = Clip(source, self._tables.get(source.key))
            self._tables.put(source.key, clip.table, clip.table.nbytes)
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
        self._frames: ByteCache[_Key, Any] = ByteCache(self._limit, items=self._items)
        self._hits = self._misses = 0

    def __getstate__(self) -> dict[str, Any]:
        """The arguments."""
        arguments = ("_limit", "_size", "_items", "_passed")
        return {name: vars(self)[name] for name in arguments}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._begin()
