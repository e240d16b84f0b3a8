"""Read the streams of a video file with PyAV."""

from __future__ import annotations

from fractions import Fraction
from numbers import Rational
from pathlib import Path
from typing import Any

import av
from av.stream import Disposition
from av.video.stream import VideoStream

MAX_RATE = 1000
"""Frames per second; a higher rate is a unit of time that a container mistakes for a rate."""


def main_stream(container: av.container.InputContainer) -> VideoStream:
    """The video that players show: the first one that is not a cover picture.

    Raises:
        IndexError: there is no video.
    """
    videos = container.streams.video
    if not videos:
        raise IndexError("it has no video track")
    shown = (stream for stream in videos if not stream.disposition & Disposition.attached_pic)
    stream = next(shown, None) or videos[0]
    stream.codec_context.thread_count = 1
    return stream


def exact(value: Any) -> Fraction:
    """A rational number of PyAV: a Fraction or None until version 18, an AVRational since then."""
    if not value:
        return Fraction(0)
    if isinstance(value, Rational):
        return Fraction(value)
    return Fraction(value.num, value.den)


def rates_of(stream: VideoStream) -> list[Fraction]:
    """The frame rates that a stream may have, the likeliest first."""
    rates = map(exact, (stream.average_rate, stream.base_rate, stream.guessed_rate))
    return [rate.limit_denominator(1001) for rate in rates if 0 < rate <= MAX_RATE]


def packet_times(path: Path, container_format: str) -> list[int]:
    """The times at which frames are decoded, in order."""
    with av.open(str(path), format=container_format) as container:
        packets = container.demux(main_stream(container))
        shown = (packet for packet in packets if packet.size and not packet.is_discard)
        return sorted(packet.dts for packet in shown if packet.dts is not None)
