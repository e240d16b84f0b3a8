"""An MP4 file with one H.264 stream of x264; frames that repeat the previous one skip x264.

One setting for all videos: a constant quantizer, and the parts of x264 that save bytes without a
search. Reasons and figures: docs/encoding.md.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.video.frame import PictureType, VideoFrame

from vrdata_child.encoders.repeats import Repeats, UnsupportedStreamError

GOP = 64  # frames from one key frame to the next
_PRESET, _QP = "ultrafast", "23"
_OPTIONS = {
    "preset": _PRESET,
    "qp": _QP,
    "g": str(GOP),
    "threads": "1",
    "x264-params": "cabac=1:8x8dct=1:partitions=all",
}
ENCODER = f"x264 {_PRESET} qp{_QP}"


@dataclass(frozen=True)
class StreamFacts:
    """Facts of a video stream that is encoded again.

    Attributes:
        time_base: seconds of one unit of time; None = each frame takes 1/fps.
        primaries: colour primaries (ITU-T H.273, table 2).
        transfer: transfer characteristics (table 3).
        aspect: width of a pixel divided by its height; None = not known.
        sound: audio streams whose packets are copied.
    """

    time_base: Fraction | None = None
    primaries: int = 1
    transfer: int = 1
    aspect: Fraction | None = None
    sound: tuple[av.AudioStream, ...] = ()


class X264File:
    """Creates the file.

    Args:
        path: the file.
        size: width and height in pixels.
        pixels: `yuv420p` or `yuv444p`.
        fps: frames per second.
        facts: of the stream that is encoded again.
    """

    def __init__(
        self, path: Path, size: tuple[int, int], pixels: str, fps: float, facts: StreamFacts
    ) -> None:
        options = {"movflags": "+faststart", "fflags": "+bitexact"}
        self._container = av.open(str(path), "w", format="mp4", options=options)
        rate = Fraction(fps).limit_denominator(1001) or Fraction(1, 1001)
        self._stream = stream = self._container.add_stream("libx264", rate=rate)
        stream.width, stream.height = size
        stream.pix_fmt = pixels
        stream.time_base = facts.time_base or 1 / rate
        stream.options = dict(_OPTIONS)
        context = stream.codec_context
        context.thread_count = 1
        context.color_primaries = facts.primaries  # ITU-T H.273, tables 2 to 4; 1 = BT.709
        context.color_trc = facts.transfer
        context.colorspace = 6  # BT.601 matrix,
        context.color_range = 1  # limited range
        if facts.time_base is not None:
            context.time_base = facts.time_base
        if facts.aspect is not None:
            context.sample_aspect_ratio = facts.aspect
        self._sound: dict[int, av.AudioStream] = {}
        for sound in facts.sound:
            copy = self._container.add_stream_from_template(sound)
            copy.metadata["language"] = sound.metadata.get("language", "und")
            self._sound[sound.index] = copy
        self._time_base = facts.time_base or 1 / rate
        self._durations: dict[int, int] = {}
        self._repeats: Repeats | None = None
        self._repeated: deque[int] = deque()  # their times; x264 returns a frame after the next
        self.frames = 0

    def add(self, picture: VideoFrame, *, changed: bool, time: tuple[int, int] | None) -> None:
        """Append a frame.

        Args:
            picture: the frame.
            changed: whether it differs from the previous one.
            time: when it is shown and how long, in units of `facts.time_base`; None = in turn.
        """
        pts, key = self.frames, self.frames % GOP == 0
        if time is not None:
            pts, self._durations[time[0]] = time
        self.frames += 1
        if self._repeats is not None and not changed and not key:
            self._repeated.append(pts)
            return
        picture.pts, picture.time_base = pts, self._time_base
        picture.pict_type = PictureType.I if key else PictureType.NONE
        packets = self._stream.encode(picture)
        if self.frames == 1:
            self._repeats = _repeats(self._stream.codec_context.extradata)
        self._mux(packets)

    def add_sound(self, packet: av.Packet[av.AudioStream]) -> None:
        """Append a packet of one of `facts.sound`; after the first frame."""
        packet.stream = self._sound[packet.stream.index]
        self._container.mux(packet)

    def close(self) -> None:
        """Finish the file."""
        self._mux(self._stream.encode(None))
        self._mux_repeated(None)
        self._container.close()

    def _mux(self, packets: Iterable[av.Packet[av.VideoStream]]) -> None:
        for packet in packets:
            self._mux_repeated(packet.pts)
            if self._repeats is not None:
                content = self._repeats.renumbered(bytes(packet), key=packet.is_keyframe)
                if content is not None:
                    packet = self._packet(content, packet.pts)  # noqa: PLW2901
            self._write(packet)

    def _mux_repeated(self, until: int | None) -> None:
        """Write the repeated frames that come before a time; all of them, for None."""
        repeats = self._repeats
        if repeats is None:
            return
        while self._repeated and (until is None or self._repeated[0] < until):
            self._write(self._packet(repeats.add(), self._repeated.popleft()))

    def _packet(self, content: bytes, pts: int | None) -> av.Packet[av.VideoStream]:
        packet: Any = av.Packet(content)
        packet.pts = packet.dts = pts
        packet.time_base = self._time_base
        packet.stream = self._stream
        return packet  # type: ignore[no-any-return]

    def _write(self, packet: av.Packet[av.VideoStream]) -> None:
        if self._durations and packet.pts is not None:
            packet.duration = self._durations.pop(packet.pts)
        self._container.mux(packet)


def _repeats(headers: bytes | None) -> Repeats | None:
    """Writes repeated frames; None if this x264 makes a stream that they do not fit in."""
    try:
        return Repeats(headers or b"")
    except UnsupportedStreamError:
        return None
