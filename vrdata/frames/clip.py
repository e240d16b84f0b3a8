"""One open clip: decodes wanted frames on one way forward, and checks each seek."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import av
import av.error

from vrdata.dataset.verify.sample.decode import main_stream
from vrdata.frames.seektable import NO_TIME, SeekTable, from_frames, from_packets
from vrdata.frames.source import MediaError, Source, container_format


class Clip:
    """A clip that is open in this process; not for concurrent threads.

    Args:
        source: the file.
        table: of an earlier opening; None = read it now.

    Attributes:
        table: the frames of the clip.

    Raises:
        MediaError: it cannot be decoded, or has no frames.
        NotFoundError, StorageError, OSError: the file cannot be read.
    """

    def __init__(
        self,
        source: Source,
        table: SeekTable | None = None,
    ) -> None:
        self._source = source
        self._container: Any = None
        self._stream: Any = None
        self._decoded: Iterator[Any] = iter(())
        self._next: int | None = None
        with self._refused():
            self._file = source.opened()
            self._format = container_format(source, self._file)
            self._reopen()
            self.table = self._read_table() if table is None else table
            if not len(self.table):
                raise MediaError(f"{source.name} has no frames")

    def close(self) -> None:
        """Close the file."""
        self._container.close()
        if not isinstance(self._file, str):
            self._file.close()

    def frames(self, indexes: Sequence[int]) -> Iterator[tuple[int, Any]]:
        """Frames in the order of presentation, also those that are decoded on the way.

        Args:
            indexes: increasing, each from 0 to the number of frames - 1.

        Yields:
            The index and the frame as FFmpeg decoded it.

        Raises:
            MediaError: a frame cannot be decoded.
        """
        with self._refused():
            for index in indexes:
                yield from self._until(index)

    def _until(self, index: int) -> Iterator[tuple[int, Any]]:
        """Decode up to a frame; from the beginning, if what a seek returned is not trustworthy."""
        key = self.table.key_before(index)
        if self._next is None or index < self._next or key > self._next:
            self._seek(key)
        expected, self._next = self._next, None  # unknown again if decoding fails
        for frame in self._decoded:
            at = expected if self.table.counted else self.table.index_of(frame.pts)
            if at is None:
                continue
            if at > index:
                break
            self._next = expected = at + 1
            yield at, frame
            if at == index:
                return
            self._next = None
        raise MediaError(
            f"{self._source.name}: frame {index} cannot be decoded",
            why="the clip is truncated, or its packets and its frames have other times",
        )

    def _seek(self, key: int) -> None:
        """Begin with a key frame, or with an earlier one if decoding cannot begin there."""
        self._next = None
        table = self.table
        while not table.counted and table.keys[key]:
            for time in (table.pts[key], table.dts[key]):
                if time != NO_TIME and self._begin_at(key, int(time)):
                    return
            table.keys[key] = False
            key = table.key_before(key)
        self._reopen()

    def _begin_at(self, key: int, time: int) -> bool:
        """Whether the container leads to the packet, and the decoder confirms the key frame."""
        self._container.seek(time, stream=self._stream)
        frames = self._after(int(self.table.pts[key]))
        for frame in frames:
            at = self.table.index_of(frame.pts)
            if at is not None and at < key:
                continue  # refers to frames before the key frame
            if at != key or not frame.key_frame or frame.is_corrupt:
                return False
            self._decoded, self._next = _again(frame, frames), key
            return True
        return False

    def _after(self, pts: int) -> Iterator[Any]:
        """Frames that are decoded from a packet on; none, if the container is past it."""
        packets = self._container.demux(self._stream)
        for packet in packets:
            if packet.pts == pts and packet.size:
                yield from packet.decode()
                break
            if packet.dts is not None and packet.dts > pts:
                return
        for packet in packets:
            yield from packet.decode()

    def _reopen(self) -> None:
        """Begin with the first frame."""
        if self._container is not None:
            self._container.close()
        if not isinstance(self._file, str):
            self._file.seek(0)
        self._container = av.open(self._file, "r", format=self._format)
        self._stream = main_stream(self._container)
        self._stream.codec_context.thread_count = 1  # many workers decode at the same time
        self._decoded, self._next = self._container.decode(self._stream), 0

    def _read_table(self) -> SeekTable:
        table = from_packets(self._container, self._stream)
        if table is None:
            self._reopen()
            table = from_frames(self._decoded, self._stream)
        self._next = None
        return table

    @contextmanager
    def _refused(self) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError:
            raise MediaError(f"{self._source.name} does not exist", fix="restore it") from None
        except (av.error.FFmpegError, IndexError, ValueError) as error:
            if isinstance(error, MediaError):
                raise
            raise MediaError(
                f"{self._source.name} cannot be decoded",
                why=str(error) or type(error).__name__,
                fix="it is damaged, or needs a codec that FFmpeg does not have",
            ) from None


def _again(first: Any, rest: Iterator[Any]) -> Iterator[Any]:
    """Frames of which the first one was taken already."""
    yield first
    yield from rest
