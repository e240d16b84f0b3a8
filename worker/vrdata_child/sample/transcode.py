"""Encode a video file again as H.264, frame by frame."""

from __future__ import annotations

from pathlib import Path

import av

from vrdata_child.encoders.h264 import VideoEncoder, VideoFacts
from vrdata_child.sample.invalid import SampleInvalidError


def to_h264(path: Path) -> VideoFacts:
    """Replace a video file by an H.264 MP4 of its decoded frames.

    Raises:
        SampleInvalidError: it cannot be decoded, or has no frame.
    """
    target = path.with_name(f"{path.name}.new")
    encoder: VideoEncoder | None = None
    try:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            stream.codec_context.thread_count = 1
            rate = float(stream.average_rate or 10)
            for frame in container.decode(stream):
                if encoder is None:
                    encoder = VideoEncoder(target, frame.width, frame.height, rate)
                encoder.add(frame.to_image())  # type: ignore[no-untyped-call]
    except (av.error.FFmpegError, ValueError) as error:
        target.unlink(missing_ok=True)
        raise SampleInvalidError("VideoUndecodable", f"{path.name}: {error}") from None
    if encoder is None:
        raise SampleInvalidError("VideoEmpty", f"{path.name} has no frame")
    facts = encoder.close()
    target.replace(path)
    return facts
