"""The clip of one episode: a file, a part of a file, or encoded from single images."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import av.error
from PIL import Image

from vrdata.errors import InvalidInputError
from vrdata.text import count
from vrdata.timeseries.convert.lerobot.read.entries import Segment
from vrdata.timeseries.table.episode import Stamps
from vrdata_generators.episodes.clips import record_clip
from vrdata_generators.images import as_rgb

_OPTIONS = {"movflags": "+faststart", "fflags": "+bitexact"}


def clip_of(segment: Segment, stamps: Stamps, fps: float) -> bytes:
    """The clip of an episode, from time 0; with the bytes of the frames, if that is possible.

    Args:
        segment: where it is.
        stamps: of its frames.
        fps: frames per second of the dataset.

    Raises:
        InvalidInputError: the video is damaged, or has another number of frames than the episode.
    """
    try:
        with av.open(str(segment.file), format="mp4") as source:
            stream = source.streams.video[0]
            packets, alone = _packets(source, stream, segment.begin, len(stamps), fps)
            if len(packets) != len(stamps):
                raise InvalidInputError(
                    f"{segment.file}: the episode has {count(len(packets), 'frame')}"
                    + (f" starting at {segment.begin:g} s" if segment.begin is not None else ""),
                    why=f"its data has {len(stamps)} steps",
                )
            if segment.begin is None:
                return segment.file.read_bytes()
            first = packets[0]
            if alone and first.is_keyframe and first.pts == min(one.pts for one in packets):
                return _copied(stream, packets)
        return _encoded(segment, stamps, fps)
    except (av.error.FFmpegError, IndexError, OverflowError, ValueError) as error:
        raise InvalidInputError(f"{segment.file} is damaged: {error}") from None


def clip_of_images(cells: list[Any], stamps: Stamps, where: str) -> bytes:
    """A clip of encoded images. Raises InvalidInputError, which names the frame."""

    def frames() -> Iterator[tuple[str, Image.Image]]:
        for number, cell in enumerate(cells):
            try:
                yield f"{where} frame {number}", as_rgb(cell["bytes"] if cell else b"")
            except (ValueError, KeyError, TypeError) as error:
                raise InvalidInputError(f"{where}: frame {number}: {error}") from None

    try:
        return record_clip(frames(), stamps, image=False, video=True).video
    except ValueError as error:
        raise InvalidInputError(str(error)) from None


def _packets(
    source: Any, stream: Any, begin: float | None, frames: int, fps: float
) -> tuple[list[Any], bool]:
    """The packets of an episode in the order of decoding, and whether none of others is between.

    One of another episode can have what frames of this one are made of.
    """
    if begin is None:
        return [packet for packet in source.demux(stream) if packet.pts is not None], True
    low, high = _window(begin, frames, fps)
    base = stream.time_base
    source.seek(max(0, int(low / base)), stream=stream, backward=True)
    found: list[Any] = []
    alone = joined = True
    for packet in source.demux(stream):
        if packet.pts is None:
            continue
        if low <= packet.pts * base < high:
            alone = alone and (joined or not found)
            found.append(packet)
            joined = True
        elif len(found) >= frames:
            break
        else:
            joined = False
    return found, alone


def _window(begin: float, frames: int, fps: float) -> tuple[Fraction, Fraction]:
    """Half a frame before the first one, and half a frame after the last one, in seconds."""
    frame = 1 / Fraction(fps)
    low = Fraction(begin) - frame / 2
    return low, low + frames * frame


def _copied(stream: Any, packets: list[Any]) -> bytes:
    """A file with these packets, from time 0."""
    shift = packets[0].pts
    with tempfile.TemporaryDirectory(prefix="vrdata-clip-") as folder:
        path = Path(folder, "clip.mp4")
        with av.open(str(path), "w", format="mp4", options=_OPTIONS) as out:
            copy = out.add_stream_from_template(stream, opaque=True)
            for packet in packets:
                packet.pts -= shift
                packet.dts = None if packet.dts is None else packet.dts - shift
                packet.stream = copy
                out.mux(packet)
        return path.read_bytes()


def _encoded(segment: Segment, stamps: Stamps, fps: float) -> bytes:
    """The frames encoded again: the file has no key frame where the episode begins."""
    low, high = _window(segment.begin or 0.0, len(stamps), fps)
    return record_clip(_decoded(segment.file, low, high), stamps, image=False, video=True).video


def _decoded(path: Path, low: Fraction, high: Fraction) -> Iterator[tuple[str, Image.Image]]:
    with av.open(str(path), format="mp4") as source:
        stream: Any = source.streams.video[0]
        base = stream.time_base
        source.seek(max(0, int(low / base)), stream=stream, backward=True)
        for frame in source.decode(stream):
            if frame.pts is None or frame.pts * base < low:
                continue
            if frame.pts * base >= high:
                return
            yield str(path), frame.to_image()
