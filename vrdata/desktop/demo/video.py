"""Write the video of a recording: frames at any time, sound, and subtitles with the time."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from PIL import Image

from vrdata.bounded.closing import Closing

MILLISECOND = Fraction(1, 1000)  # Matroska's unit of time
RATE = 16_000
_SECOND = 10**9
_TICK = 120  # samples
_GOP = "64"
_OPTIONS = {
    # One thread: the number of threads can change the bytes.
    "libx264": {"preset": "ultrafast", "qp": "23", "g": _GOP, "threads": "1"},
    "libx265": {
        "preset": "ultrafast",
        "x265-params": f"qp=24:keyint={_GOP}:bframes=0:pools=none:frame-threads=1:log-level=none",
    },
}


class Codec(StrEnum):
    """The codec of videos; recorders write HEVC, H.264 takes less time."""

    H264 = "h264"
    HEVC = "hevc"


class Video(Closing):
    """A new MKV file.

    Args:
        path: the file.
        size: width and height in pixels, even.
        codec: of the frames.
        utc: when the recording begins; nanoseconds since 1970.
        ticks: when a tick is heard; nanoseconds since then, sorted.

    Raises:
        OSError: the file cannot be written.
    """

    def __init__(
        self, path: Path, size: tuple[int, int], codec: Codec, utc: int, ticks: Sequence[int]
    ) -> None:
        self._container = av.open(
            str(path), "w", format="matroska", options={"fflags": "+bitexact"}
        )
        encoder = "libx264" if codec is Codec.H264 else "libx265"
        video: Any = self._container.add_stream(encoder, rate=1000)
        video.width, video.height = size
        video.pix_fmt = "yuv420p"
        video.time_base = video.codec_context.time_base = MILLISECOND
        video.codec_context.thread_count = 1
        video.options = dict(_OPTIONS[encoder])
        self._video = video
        self._audio: Any = self._container.add_stream("flac", rate=RATE, layout="mono")
        self._subtitles: Any = self._container.add_mux_stream("subrip", time_base=MILLISECOND)
        self._utc, self._ticks = utc, np.array(ticks, np.int64) * RATE // _SECOND
        self._heard = self._second = 0

    def close(self) -> None:
        """See `Closing.close`."""
        self._container.close()

    def add(self, picture: Image.Image, pts: int) -> None:
        """Append a frame.

        Args:
            picture: RGB.
            pts: its time in nanoseconds, later than the one before; stored in milliseconds.
        """
        frame: Any = av.VideoFrame.from_ndarray(np.asarray(picture), format="rgb24")
        frame.pts, frame.time_base = round(pts * MILLISECOND.denominator / _SECOND), MILLISECOND
        self._fill(pts)
        self._container.mux(self._video.encode(frame))

    def end(self, at: int) -> None:
        """Finish the streams at a time in nanoseconds."""
        self._fill(at)
        self._container.mux(self._video.encode(None))
        self._container.mux(self._audio.encode(None))

    def _fill(self, until: int) -> None:
        """Sound and subtitles up to a time."""
        while self._second * _SECOND < until:
            self._subtitle(self._second)
            self._second += 1
        end = until * RATE // _SECOND
        while self._heard < end:
            stop = min(self._heard + RATE // 10, end)
            self._sound(self._heard, stop)
            self._heard = stop

    def _sound(self, start: int, stop: int) -> None:
        samples = np.zeros(stop - start, np.int16)
        first, last = np.searchsorted(self._ticks, (start - _TICK, stop))
        for tick in self._ticks[first:last]:
            begin, end = max(tick, start), min(tick + _TICK, stop)
            samples[begin - start : end - start] = _WAVE[begin - tick : end - tick]
        frame = av.AudioFrame.from_ndarray(samples[np.newaxis], format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = RATE, start, Fraction(1, RATE)
        self._container.mux(self._audio.encode(frame))

    def _subtitle(self, second: int) -> None:
        packet: Any = av.Packet(str(self._utc + second * _SECOND).encode())
        packet.stream, packet.time_base = self._subtitles, MILLISECOND
        packet.pts = packet.dts = second * MILLISECOND.denominator
        packet.duration = MILLISECOND.denominator
        self._container.mux(packet)


def _wave() -> np.ndarray[Any, np.dtype[np.int16]]:
    """A tick: 1 kHz, fading."""
    at = np.arange(_TICK)
    square = np.where(at % (RATE // 1000) < RATE // 2000, 1, -1)
    return (square * 6000 * (_TICK - at) // _TICK).astype(np.int16)


_WAVE = _wave()
