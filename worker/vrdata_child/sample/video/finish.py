"""Check the videos of a sample, convert them, and say what a conversion does not keep."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import av

from vrdata_child.encoders.h264 import VideoFacts
from vrdata_child.sample import media
from vrdata_child.sample.invalid import SampleInvalidError
from vrdata_child.sample.video.containers import VIDEO_FORMATS, format_of, undecodable
from vrdata_child.sample.video.inspection import inspect
from vrdata_child.sample.video.streams import exact, main_stream
from vrdata_child.sample.video.transcode import to_h264


@dataclass(slots=True)
class SampleVideos:
    """What is known of a sample's videos; names are those of the finished files.

    Attributes:
        described: the ground truth, or the first video, as a packet has it; None without videos.
        digests: hex sha256 of each file.
        frames: hex sha256 over each file's frames, if frame hashing is on.
        own: hex sha256 of each file that the generator encoded itself, if frame hashing is on.
        notes: what the dataset does not keep of the videos.
    """

    described: dict[str, Any] | None = None
    digests: dict[str, str] = field(default_factory=dict)
    frames: dict[str, str] = field(default_factory=dict)
    own: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def finish_videos(folder: Path, mode: str, *, hash_frames: bool) -> SampleVideos:
    """Check every video of a sample; in mode `h264`, convert it and give it the suffix .mp4.

    Raises:
        SampleInvalidError: a video cannot be used.
    """
    videos = SampleVideos()
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() not in VIDEO_FORMATS:
            continue
        sha256 = media.file_sha256(path)
        own = sha256
        facts = check_video(path, sha256, as_named=mode == "asIs")
        final = path
        if mode == "h264":
            if not facts.encoder.startswith("x264 "):
                container_format = format_of(path, as_named=False)
                facts = to_h264(path, container_format, hash_frames=hash_frames)
                sha256 = media.file_sha256(path)
            final = _named_mp4(path)
        elif hash_frames and not facts.frames_sha256:
            found = inspect(path, format_of(path, as_named=True), hash_frames=True)
            facts = replace(facts, frames_sha256=found.digest)
        _add(videos, final.name, facts, sha256, own if hash_frames else sha256)
    return videos


def check_video(path: Path, sha256: str, *, as_named: bool) -> VideoFacts:
    """The facts of a video file whose bytes have this sha256; decodes its first frame.

    Args:
        path: the file.
        sha256: of its bytes.
        as_named: refuse a file whose format is not the one of its name, as readers and
            `vrdata verify` do; otherwise the content decides, and the file is converted later.

    Raises:
        SampleInvalidError: it cannot be decoded, or has no frame.
    """
    known = media.video_facts.get(sha256)
    if known is not None and (path.suffix.lower() == ".mp4" or not as_named):
        return known
    dropped = media.dropped_frames.forget(sha256)
    if dropped is not None:
        raise SampleInvalidError("VideoEmpty", f"{path.name} has no frame: {dropped}")
    container_format = format_of(path, as_named=as_named)
    try:
        frames = _count_packets(path, container_format)
        with av.open(str(path), format=container_format) as container:
            stream = main_stream(container)
            first = next(container.decode(stream), None)
            if first is None or not frames:
                raise SampleInvalidError("VideoEmpty", f"{path.name} has no frame")
            rate = float(exact(stream.average_rate))
            return VideoFacts(frames, rate, first.width, first.height, stream.codec_context.name)
    except (av.error.FFmpegError, ValueError, IndexError) as error:
        raise undecodable(path, error) from None


def _count_packets(path: Path, container_format: str) -> int:
    """The number of frames; not those that an edit list cuts off."""
    with av.open(str(path), format=container_format) as container:
        if not container.streams.video:
            raise SampleInvalidError("VideoEmpty", f"{path.name} has no video stream")
        packets = container.demux(main_stream(container))
        return sum(packet.size > 0 and not packet.is_discard for packet in packets)


def _named_mp4(path: Path) -> Path:
    target = path.with_suffix(".mp4")
    if path != target:
        if target.exists():
            raise SampleInvalidError("UnsafeFile", f"{path.name} and {target.name} both exist")
        path.rename(target)
    return target


def _add(videos: SampleVideos, name: str, facts: VideoFacts, sha256: str, own: str) -> None:
    videos.digests[name] = sha256
    videos.notes += [f"{name}: {note}" for note in facts.notes]
    if facts.frames_sha256:
        videos.frames[name] = facts.frames_sha256
    if own != sha256:
        videos.own[name] = own
    if videos.described is None or Path(name).stem == "ground_truth":
        videos.described = {
            "name": name,
            "frames": facts.frames,
            "fps": facts.fps,
            "width": facts.width,
            "height": facts.height,
            "encoder": facts.encoder,
        }
