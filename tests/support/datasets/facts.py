"""What a worker records of a sample's files."""

from __future__ import annotations

import io
from collections.abc import Mapping

import av
from PIL import Image

from vrdata.dataset.verify.sample import content_hash as content


def encoder_of(body: bytes) -> str:
    """As a worker records it: vrdata's own encoder, or the codec of an unchanged video."""
    try:
        with av.open(io.BytesIO(body)) as container:
            codec = container.streams.video[0].codec_context.name
    except (av.error.FFmpegError, IndexError):
        codec = "h264"
    return "x264 medium crf23 yuv420p" if codec == "h264" else codec


def content_of(files: Mapping[str, bytes]) -> str:
    """The content hash; broken pictures count as missing."""
    hashes = []
    for name in content.FRAMES:
        try:
            hashes.append(content.pixel_hash(Image.open(io.BytesIO(files[name]), formats=["PNG"])))
        except (KeyError, OSError, SyntaxError):
            hashes.append("")
    return content.content_hash(hashes[0], hashes[1], files.get("prompt.txt", b""))
