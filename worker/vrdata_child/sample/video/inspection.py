"""Decode a video that vrdata did not encode, and find out what its container and stream say.

Frames, their times, their size and orientation, colours, sound and other tracks: what is encoded
again must keep them or note that it does not (docs/encoding.md).
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.sidedata.sidedata import Type
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from vrdata_child.sample.invalid import SampleInvalidError
from vrdata_child.sample.video.containers import undecodable
from vrdata_child.sample.video.streams import (
    MAX_RATE,
    exact,
    main_stream,
    packet_times,
    rates_of,
)

_UNITY = 1 << 16  # of a display matrix
_ALPHA = ("yuva", "rgba", "bgra", "argb", "abgr", "gbra", "vuya", "ayuv", "ya8", "ya16", "pal8")


@dataclass(slots=True)
class Inspection:
    """What was found in a video.

    Attributes:
        frames: number of decoded frames.
        width: pixels of a decoded frame, before it is turned.
        height: as `width`.
        codec: name of the codec.
        fps: frames per second if every frame takes the same time, else 0.
        average: frames per second, on average.
        times: when each frame is shown and how long, in units of `time_base`.
        time_base: seconds.
        delay: seconds that were added to every time, because none may be negative.
        matrix: turns and mirrors the frames: (a, b, c, d) of the display matrix.
        primaries: colour primaries (ITU-T H.273, table 2).
        transfer: transfer characteristics (table 3).
        aspect: width of a pixel divided by its height; None = not known.
        notes: what H.264 in MP4 does not keep.
        digest: over frames, times, and the packets of other tracks; "" if not requested.
    """

    width: int
    height: int
    codec: str
    time_base: Fraction
    frames: int = 0
    fps: Fraction = Fraction(0)
    average: Fraction = Fraction(0)
    times: list[tuple[int, int]] = field(default_factory=list)
    delay: Fraction = Fraction(0)
    matrix: tuple[int, int, int, int] = (1, 0, 0, 1)
    primaries: int = 1
    transfer: int = 1
    aspect: Fraction | None = None
    notes: set[str] = field(default_factory=set)
    digest: str = ""


def inspect(path: Path, container_format: str, *, hash_frames: bool) -> Inspection:
    """Decode every frame.

    Raises:
        SampleInvalidError: it has no frame, a frame cannot be decoded, frames differ in size, or
            their times do not increase.
    """
    digest = hashlib.sha256() if hash_frames else None
    try:
        with av.open(str(path), format=container_format) as container:
            stream = main_stream(container)
            found, shown = _decode(path, container, stream, digest)
            _describe_stream(found, stream)
            rates = rates_of(stream)
        times = _times(found, shown, packet_times(path, container_format))
    except (av.error.FFmpegError, ValueError, IndexError) as error:
        raise undecodable(path, error) from None
    _set_times(path, found, times, rates)
    if digest is not None:
        starts = [str(start * found.time_base) for start, _ in found.times]
        shown_as = (found.matrix, str(found.aspect), found.primaries, found.transfer)
        digest.update(f"{starts} {shown_as}".encode())
        _hash_tracks(path, container_format, digest)
        found.digest = digest.hexdigest()
    return found


def pictures(path: Path, container_format: str, found: Inspection) -> Iterator[NDArray[np.uint8]]:
    """The frames as RGB arrays (height, width, 3), turned as players show them."""
    with av.open(str(path), format=container_format) as container:
        for frame in container.decode(main_stream(container)):
            rgb = np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
            yield np.ascontiguousarray(_turned(rgb, found.matrix))


def _decode(
    path: Path, container: av.container.InputContainer, stream: VideoStream, digest: Any
) -> tuple[Inspection, list[tuple[int | None, int]]]:
    found: Inspection | None = None
    shown: list[tuple[int | None, int]] = []
    for frame in container.decode(stream):
        if found is None:
            codec = stream.codec_context.name
            time_base = exact(stream.time_base) or Fraction(1, MAX_RATE)
            found = Inspection(frame.width, frame.height, codec, time_base)
            found.matrix = _matrix(path, frame)
        if (frame.width, frame.height) != (found.width, found.height):
            sizes = f"{found.width} x {found.height} and {frame.width} x {frame.height} pixels"
            raise _unfit(path, f"its frames have different sizes: {sizes}")
        if frame.is_corrupt:
            raise ValueError(f"frame {found.frames} is damaged")
        shown.append((frame.pts, frame.duration or 0))
        found.frames += 1
        wide = _describe_frame(found, frame)
        if digest is not None:
            digest.update(frame.to_ndarray(format="rgba64le" if wide else "rgb24").tobytes())
    if found is None:
        raise SampleInvalidError("VideoEmpty", f"{path.name} has no frame")
    return found, shown


def _describe_frame(found: Inspection, frame: VideoFrame) -> bool:
    """Note what a frame has and 8-bit RGB has not; returns whether there is something."""
    bits = max(component.bits for component in frame.format.components)
    alpha = frame.format.name.startswith(_ALPHA)
    if bits > 8:
        found.notes.add(f"{bits}-bit colours become 8-bit colours")
    if alpha and "transparency is dropped" not in found.notes:
        opaque = frame.to_ndarray(format="rgba")[:, :, 3].min() == 255
        if not opaque:
            found.notes.add("transparency is dropped")
    if frame.interlaced_frame:
        found.notes.add("interlaced frames become progressive frames")
    return alpha or bits > 8


def _describe_stream(found: Inspection, stream: VideoStream) -> None:
    context = stream.codec_context
    found.primaries = _specified(int(context.color_primaries))
    found.transfer = _specified(int(context.color_trc))
    aspect = exact(stream.sample_aspect_ratio)
    if aspect > 0 and aspect != 1:
        found.aspect = 1 / aspect if found.matrix[0] == 0 else aspect
    if stream.metadata.get("alpha_mode") == "1":  # https://wiki.webmproject.org/alpha-channel
        found.notes.add("transparency is dropped")


def _specified(value: int) -> int:
    """A code of ITU-T H.273; BT.709, what drawings have, if it is reserved or not specified."""
    return value if value not in {0, 2, 3} else 1


def _times(
    found: Inspection, shown: list[tuple[int | None, int]], decoded: list[int]
) -> list[tuple[int, int]]:
    """When each frame is shown and how long; some formats, such as AVI, store only an order."""
    starts = [start for start, _ in shown if start is not None]
    if len(starts) < found.frames or any(second <= first for first, second in pairwise(starts)):
        starts = [time - decoded[0] for time in decoded] if decoded else []
    if len(starts) != found.frames:
        starts = list(range(found.frames))  # no times at all: its frame rate counts
    last = shown[-1][1] or (starts[-1] - starts[-2] if len(starts) > 1 else 1)
    ends = [*starts[1:], starts[-1] + last]
    return [(start, end - start) for start, end in zip(starts, ends, strict=True)]


def _set_times(
    path: Path, found: Inspection, times: list[tuple[int, int]], rates: list[Fraction]
) -> None:
    if any(duration <= 0 for _, duration in times):
        raise _unfit(path, "the times of its frames do not increase")
    start = min(0, times[0][0])  # a container stores no time before 0
    found.delay = -start * found.time_base
    found.times = [(time - start, duration) for time, duration in times]
    seconds = [time * found.time_base for time, _ in found.times]
    for rate in rates:
        rounding = found.time_base if 4 * found.time_base < 1 / rate else 0
        if all(abs(at - n / rate) <= rounding for n, at in enumerate(seconds)):
            found.fps = found.average = rate
            return
    length = sum(duration for _, duration in times) * found.time_base
    found.average = found.frames / length


def _matrix(path: Path, frame: VideoFrame) -> tuple[int, int, int, int]:
    """The upper left of a frame's display matrix (FFmpeg: libavutil/display.h)."""
    items: Any = frame.side_data
    data = items.get(Type.DISPLAYMATRIX)
    if data is None:
        return (1, 0, 0, 1)
    values = struct.unpack("=9i", bytes(data)[:36])
    a, b, c, d = (round(values[place] / _UNITY) for place in (0, 1, 3, 4))
    exact = all(values[place] % _UNITY == 0 for place in (0, 1, 3, 4))
    if not exact or sorted(map(abs, (a, b, c, d))) != [0, 0, 1, 1] or abs(a) != abs(d):
        raise _unfit(path, f"it is turned by {frame.rotation} degrees or scaled when it is shown")
    return a, b, c, d


def _turned(frame: NDArray[np.uint8], matrix: tuple[int, int, int, int]) -> NDArray[np.uint8]:
    a, b, c, d = matrix
    if a == 0:  # x and y change places
        frame, across, down = frame.transpose(1, 0, 2), c, b
    else:
        across, down = a, d
    return frame[:: -1 if down < 0 else 1, :: -1 if across < 0 else 1]


def _hash_tracks(path: Path, container_format: str, digest: Any) -> None:
    with av.open(str(path), format=container_format) as container:
        main = main_stream(container).index
        for packet in container.demux():
            if packet.stream.index != main and packet.size:
                digest.update(f"{packet.stream.type} {packet.pts} {packet.time_base}".encode())
                digest.update(bytes(packet))


def _unfit(path: Path, why: str) -> SampleInvalidError:
    return SampleInvalidError(
        "VideoUndecodable",
        f"{path.name} cannot be stored as H.264: {why}; write it in another way, or use"
        " video: asIs",
    )
