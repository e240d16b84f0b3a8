"""Clips as screen recorders and other programs write them: codecs, flags, times, cuts."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

SIZE, RATE, UNITS = 64, 60, 90_000
FRAMES = 60
_GOP = "keyint=12:min-keyint=12:scenecut=0"
_H264 = f"threads=1:{_GOP}"
_HEVC = f"log-level=none:pools=none:frame-threads=1:{_GOP}"
CODECS = {
    "h264": ("libx264", "x264-params", f"{_H264}:bframes=3"),
    "h264-open": ("libx264", "x264-params", f"{_H264}:bframes=3:open-gop=1"),
    "h264-pyramid": ("libx264", "x264-params", f"{_H264}:bframes=5:b-pyramid=2"),
    "h264-refresh": ("libx264", "x264-params", "threads=1:keyint=12:intra-refresh=1"),
    "hevc": ("libx265", "x265-params", f"{_HEVC}:bframes=3:open-gop=0"),
    "hevc-open": ("libx265", "x265-params", f"{_HEVC}:bframes=3:open-gop=1"),
    "hevc-leading": ("libx265", "x265-params", f"{_HEVC}:bframes=3:open-gop=0:radl=3"),
    "hevc-p": ("libx265", "x265-params", f"{_HEVC}:bframes=0"),
}


@dataclass(frozen=True)
class Truth:
    """All frames of a clip, decoded from the first to the last.

    Attributes:
        path: of the clip.
        times: nanoseconds of each frame, as the recorder had them before the container rounded.
        frames: their pixels, RGB.
    """

    path: Path
    times: list[int]
    frames: list[NDArray[np.uint8]]


def picture(number: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """A picture with its number as bars, a moving square and some noise."""
    image = np.zeros((SIZE, SIZE, 3), np.uint8)
    at = number * 3 % (SIZE - 12)
    image[at : at + 12, 10:30] = (255, 128, 40)
    for bit in range(8):
        image[-8:, bit * 8 : bit * 8 + 8] = 220 if number >> bit & 1 else 20
    return image + rng.integers(0, 30, image.shape, np.uint8)


def regular() -> list[int]:
    """Times of 60 frames a second, which a millisecond does not divide."""
    return [number * UNITS // RATE for number in range(FRAMES)]


def irregular() -> list[int]:
    """Times of a recorder that stores a frame when the screen changes."""
    draw = random.Random(3)  # noqa: S311 - reproducible
    times = [0]
    while len(times) < FRAMES:
        times.append(times[-1] + draw.randrange(200, 9000))
    return times


def write(path: Path, kind: str, times: Sequence[int], *, audio: bool = False) -> Path:
    """Encode one frame for each time, in 1/90000 s."""
    codec, name, options = CODECS[kind]
    rng = np.random.default_rng(1)
    with av.open(str(path), "w") as container:
        sound: Any = container.add_stream("aac", rate=48_000, layout="mono") if audio else None
        all_options = {"preset": "ultrafast", name: options}
        stream: Any = container.add_stream(codec, RATE, options=all_options)
        stream.width = stream.height = SIZE
        stream.pix_fmt, stream.thread_count = "yuv420p", 1
        stream.codec_context.time_base = Fraction(1, UNITS)
        if audio:
            _write_silence(container, sound, times[-1])
        for number, time in enumerate(times):
            frame = av.VideoFrame.from_ndarray(picture(number, rng))
            frame.pts, frame.time_base = time, Fraction(1, UNITS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def copy_packets(
    source: Path, target: Path, *, key: Callable[[int, bool], bool], first: int = 0
) -> Path:
    """Copy packets without decoding.

    Args:
        source: a clip.
        target: the new one.
        key: whether to mark a packet as a key frame, by its number and its mark.
        first: packets to leave out.
    """
    with av.open(str(source)) as read, av.open(str(target), "w") as written:
        stream = written.add_stream_from_template(read.streams.video[0])
        packets = [packet for packet in read.demux(video=0) if packet.size]
        for number, packet in enumerate(packets[first:]):
            packet.is_keyframe = key(number, packet.is_keyframe)
            packet.stream = stream
            written.mux(packet)
    return target


def _begin_later(path: Path, units: int) -> Path:
    """Move the start of an mp4's only edit, so that its first frames are not shown."""
    body = bytearray(path.read_bytes())
    at = body.index(b"elst") + 16
    assert struct.unpack_from(">I", body, at - 8) == (1,)
    struct.pack_into(">i", body, at, struct.unpack_from(">i", body, at)[0] + units)
    path.write_bytes(body)
    return path


def _no_key_list(path: Path) -> Path:
    path.write_bytes(path.read_bytes().replace(b"stss", b"free"))
    return path


def variants(folder: Path, kind: str) -> Iterator[tuple[str, Callable[[], Path]]]:
    """Clips of a codec, by what is special about them; each is written when it is called."""
    plain = folder / f"{kind}.mkv"
    times = regular()
    copies = {
        "all marked as key": {"key": lambda _number, _key: True},
        "some marked as key": {"key": lambda number, key: key or number % 5 == 1},
        "none marked as key": {"key": lambda number, _key: number == 0},
        "begins with the second key frame": {"key": lambda _number, key: key, "first": 12},
        "begins between key frames": {"key": lambda _number, key: key, "first": 15},
    }
    yield "matroska", partial(write, plain, kind, times)
    for name, options in copies.items():
        target = folder / f"{kind} {name}.mkv"
        yield name, partial(copy_packets, plain, target, **options)  # type: ignore[arg-type]
    yield "irregular", partial(write, folder / f"{kind} irregular.mkv", kind, irregular())
    yield "with audio", partial(write, folder / f"{kind} audio.mkv", kind, times, audio=True)
    clip = folder / f"{kind}.mp4"
    yield "mp4", partial(write, clip, kind, times)
    moved = folder / f"{kind} edit.mp4"
    yield "edit list", lambda: _begin_later(write(moved, kind, times), 17 * UNITS // RATE)
    unmarked = folder / f"{kind} unmarked.mp4"
    yield "mp4 without key list", lambda: _no_key_list(write(unmarked, kind, times))


def truth_of(path: Path, recorded: Sequence[int]) -> Truth:
    """Decode a clip; its times are those that were recorded, or its own ones if none fits."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        frames = [(one.pts * stream.time_base, one) for one in container.decode(stream)]
        pixels = [one.to_ndarray(format="rgb24") for _, one in frames]
    exact = [Fraction(one, UNITS) for one in recorded]
    times = []
    for own, _ in frames:
        near = min(exact, key=lambda one: abs(one - own))
        times.append(round((near if abs(near - own) <= Fraction(1, 2000) else own) * 10**9))
    assert len({one.tobytes() for one in pixels}) == len(pixels), "frames must differ"
    return Truth(path, times, pixels)


def _write_silence(container: Any, stream: Any, units: int) -> None:
    samples = np.zeros((1, 1024), np.float32)
    for number in range(units * 48 // 90 // 1024):
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
        frame.sample_rate, frame.pts = 48_000, number * 1024
        container.mux(stream.encode(frame))
    container.mux(stream.encode())
