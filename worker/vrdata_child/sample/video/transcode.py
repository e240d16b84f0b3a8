"""Encode a video file again as H.264: its frames, their times, and its sound."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.stream import Disposition
from PIL import Image

from vrdata_child.encoders.h264 import VideoEncoder, VideoFacts
from vrdata_child.encoders.x264 import StreamFacts
from vrdata_child.sample.video.containers import undecodable
from vrdata_child.sample.video.inspection import Inspection, inspect, pictures
from vrdata_child.sample.video.streams import exact, main_stream

# Codecs that MP4 stores (ISO/IEC 14496-12 and its registration authority, mp4ra.org).
_SOUND = frozenset({"aac", "ac3", "alac", "eac3", "flac", "mp2", "mp3", "opus"})
_PCM = ("pcm_s16", "pcm_s24", "pcm_s32", "pcm_f32", "pcm_f64")
MAX_TAGS = 8
_TAG = re.compile(r"[a-z][a-z0-9_.-]{0,31}")
_FINEST = Fraction(1, 1_000_000)
# Tags of containers that say nothing about the content.
_TECHNICAL = frozenset(
    {
        "compatible_brands",
        "creation_time",
        "duration",
        "encoder",
        "major_brand",
        "minor_version",
        "software",
    }
)


def to_h264(path: Path, container_format: str, *, hash_frames: bool = False) -> VideoFacts:
    """Replace a video file by an H.264 MP4 with its frames, times and sound.

    Args:
        path: the file.
        container_format: FFmpeg's name of its format.
        hash_frames: also hash the decoded frames.

    Raises:
        SampleInvalidError: it cannot be decoded, has no frame, or H.264 cannot store it.
    """
    found = inspect(path, container_format, hash_frames=hash_frames)
    target = path.with_name(f"{path.name}.new")
    try:
        with av.open(str(path), format=container_format) as source:
            images = map(Image.fromarray, pictures(path, container_format, found))
            facts = _encode(source, images, found, target)
        with av.open(str(target), format="mp4") as written:
            fps = float(exact(main_stream(written).average_rate) or facts.fps)
    except (av.error.FFmpegError, ValueError, IndexError) as error:
        target.unlink(missing_ok=True)
        raise undecodable(path, error) from None
    target.replace(path)
    return replace(facts, fps=fps, frames_sha256=found.digest, notes=tuple(sorted(found.notes)))


def _encode(
    source: av.container.InputContainer,
    images: Iterator[Image.Image],
    found: Inspection,
    target: Path,
) -> VideoFacts:
    sound = tuple(stream for stream in source.streams.audio if _is_copied(stream))
    found.notes.update(_dropped_tracks(source, sound))
    time_base = max(found.time_base, _FINEST)
    facts = StreamFacts(
        None if found.fps else time_base, found.primaries, found.transfer, found.aspect, sound
    )
    packets = _SoundPackets(source, sound, found.delay)
    encoder: VideoEncoder | None = None
    scale = found.time_base / time_base
    for image, (start, duration) in zip(images, found.times, strict=True):
        if encoder is None:
            rate = float(found.fps or found.average)
            encoder = VideoEncoder(target, *image.size, rate, facts=facts)
        encoder.add(image, None if found.fps else (round(start * scale), round(duration * scale)))
        for packet in packets.until(start * found.time_base):
            encoder.add_sound(packet)
    if encoder is None:
        raise ValueError("it has no frame")
    for packet in packets.until(None):
        encoder.add_sound(packet)
    return encoder.close()


class _SoundPackets:
    """The packets of sound, taken in step with the frames, so that few are kept in memory."""

    def __init__(
        self,
        source: av.container.InputContainer,
        sound: tuple[av.AudioStream, ...],
        delay: Fraction,
    ) -> None:
        packets = source.demux(*sound) if sound else iter(())
        self._rest = (packet for packet in packets if packet.size)
        self._delay = delay
        self._next = next(self._rest, None)

    def until(self, seconds: Fraction | None) -> Iterator[Any]:
        """The packets that begin before a time; all that remain, for None."""
        while (packet := self._next) is not None:
            begin = packet.dts if packet.dts is not None else packet.pts or 0
            unit = exact(packet.time_base)
            if seconds is not None and begin * unit > seconds:
                return
            if self._delay:
                ticks = round(self._delay / unit)
                packet.dts = None if packet.dts is None else packet.dts + ticks
                packet.pts = None if packet.pts is None else packet.pts + ticks
            yield packet
            self._next = next(self._rest, None)


def _is_copied(stream: av.AudioStream) -> bool:
    codec = stream.codec_context.codec.canonical_name
    return codec in _SOUND or codec.startswith(_PCM)


def _dropped_tracks(
    source: av.container.InputContainer, sound: tuple[av.AudioStream, ...]
) -> Iterator[str]:
    """What is in the container besides the video and the sound that is copied."""
    main = main_stream(source).index
    for stream in source.streams:
        if stream.index == main or stream in sound:
            continue
        match stream.type:
            case "audio":
                yield f"its sound ({stream.codec_context.codec.canonical_name}) is dropped"
            case "video" if stream.disposition & Disposition.attached_pic:
                yield "its cover picture is dropped"
            case "video":
                yield "its second video track is dropped"
            case "subtitle":
                yield "its subtitles are dropped"
            case kind:
                yield f"its {kind} track is dropped"
    if source.chapters():
        yield "its chapters are dropped"
    tags = {tag for tag in map(str.lower, source.metadata) if _TAG.fullmatch(tag)} - _TECHNICAL
    if tags:
        yield f"its tags ({', '.join(sorted(tags)[:MAX_TAGS])}) are dropped"
