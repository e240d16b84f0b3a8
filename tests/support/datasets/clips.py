"""Write video files as generators write them with PyAV: times, sound, colours, orientation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.video.reformatter import Colorspace
from numpy.typing import NDArray

WIDTH, HEIGHT = 64, 48
RATE = 44_100
COLOURS = ((200, 30, 60), (20, 220, 40), (30, 40, 240), (250, 250, 250))
_MATRICES = {1: Colorspace.ITU709, 6: Colorspace.ITU601}


def quarters(width: int = WIDTH, height: int = HEIGHT) -> NDArray[np.uint8]:
    """An image of four colours: upper left, upper right, lower left, lower right."""
    picture = np.zeros((height, width, 3), np.uint8)
    rows, columns = slice(height // 2), slice(width // 2)
    rest_rows, rest_columns = slice(height // 2, None), slice(width // 2, None)
    picture[rows, columns], picture[rows, rest_columns] = COLOURS[:2]
    picture[rest_rows, columns], picture[rest_rows, rest_columns] = COLOURS[2:]
    return picture


def corners(picture: NDArray[np.uint8]) -> list[tuple[int, ...]]:
    """The colours in the middle of the four quarters."""
    height, width = picture.shape[:2]
    rows, columns = (height // 4, -height // 4), (width // 4, -width // 4)
    return [tuple(map(int, picture[row, column])) for row in rows for column in columns]


def write_clip(
    path: Path,
    times: Sequence[float] = (0, 0.1, 0.2, 0.3),
    *,
    codec: str = "libx264",
    pixels: str = "yuv420p",
    size: tuple[int, int] = (WIDTH, HEIGHT),
    time_base: Fraction = Fraction(1, 1000),
    container: str | None = None,
    sound: str = "",
    matrix: int = 0,
    full: bool = False,
    options: dict[str, str] | None = None,
    more: Callable[[Any, Any], None] | None = None,
    shift: int = 0,
) -> Path:
    """Write a clip of four colours.

    Args:
        path: the file.
        times: when each frame is shown, in seconds.
        codec: FFmpeg's name of the encoder.
        pixels: its pixel format.
        size: width and height.
        time_base: unit of the times in the encoder.
        container: FFmpeg's name of the format, if it does not follow from the name.
        sound: FFmpeg's name of an encoder for half a second of sound.
        matrix: of the colours (ITU-T H.273, table 4): 1, 6, or 0 for not specified.
        full: whether the colours have the full range.
        options: of the encoder.
        more: changes container and stream before the first frame.
        shift: added to a colour, so that clips differ.
    """
    with av.open(str(path), "w", format=container) as output:
        stream: Any = output.add_stream(codec, rate=10)
        stream.width, stream.height = size
        stream.pix_fmt = pixels
        context = stream.codec_context
        context.time_base = time_base
        stream.options = {"crf": "4"} | (options or {}) if codec == "libx264" else options or {}
        if matrix:
            context.colorspace, context.color_range = matrix, 1 + full
        track: Any = output.add_stream(sound, rate=RATE) if sound else None
        if track is not None:
            track.layout = "mono"
        if more is not None:
            more(output, stream)
        for time in times:
            frame = av.VideoFrame.from_ndarray(quarters(*size) + np.uint8(shift), "rgb24")
            if matrix:
                frame = frame.reformat(
                    format=pixels,
                    dst_colorspace=_MATRICES[matrix],
                    src_color_range=2,
                    dst_color_range=1 + full,
                )
            frame.pts, frame.time_base = round(time / time_base), time_base
            output.mux(stream.encode(frame))
        output.mux(stream.encode())
        if track is not None:
            _write_tone(output, track)
    return path


def _write_tone(output: Any, track: Any) -> None:
    wave = np.sin(np.arange(RATE // 2) / 10) * 0.3
    kind = track.codec_context.format.name
    scale = {"s16": 2**15, "s32": 2**31}.get(kind.removesuffix("p"), 1)
    types = {"s16": "int16", "s32": "int32"}
    for start in range(0, len(wave) - 1023, 1024):
        part = (wave[start : start + 1024] * scale).astype(
            types.get(kind.removesuffix("p"), "float32")
        )
        frame = av.AudioFrame.from_ndarray(part[None], format=kind, layout="mono")
        frame.rate, frame.pts, frame.time_base = RATE, start, Fraction(1, RATE)
        output.mux(track.encode(frame))
    output.mux(track.encode())


def frame_times(path: Path) -> list[float]:
    """When each frame is shown, in seconds."""
    with av.open(str(path)) as container:
        return [round(float(frame.time or 0), 4) for frame in container.decode(video=0)]


def sound_packets(path: Path) -> list[bytes]:
    """The encoded sound of a file."""
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(audio=0) if packet.size]


def sound_times(path: Path) -> list[float]:
    """When each part of the sound is played, in seconds."""
    with av.open(str(path)) as container:
        return [float(frame.time or 0) for frame in container.decode(audio=0)]


def picture_of(path: Path) -> NDArray[np.uint8]:
    """The first frame, as RGB."""
    with av.open(str(path)) as container:
        return np.asarray(next(container.decode(video=0)).to_ndarray(format="rgb24"), np.uint8)
