"""A file that is not a video, or not of the format of its name, gets an error with a fix."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from support.datasets.clips import write_clip
from support.generators.samples import write_sample
from vrdata_child.hermetic.folders import find_samples
from vrdata_child.sample import media
from vrdata_child.sample.finish import finish_sample
from vrdata_child.sample.invalid import SampleInvalidError


def clip(folder: Path, name: str, codec: str, **settings: Any) -> bytes:
    return write_clip(folder / name, codec=codec, **settings).read_bytes()


def mp4(folder: Path) -> bytes:
    return clip(folder, "a.mp4", "mpeg4")


def without_index(folder: Path) -> bytes:
    body = mp4(folder)
    return body[: body.index(b"moov") - 4]


def without_end(folder: Path) -> bytes:
    path = write_clip(folder / "b.mp4", codec="mpeg4", more=None)
    body = path.read_bytes()
    # The index first, as in a file for the web; then half of the frames.
    moov = body.index(b"moov") - 4
    mdat = body.index(b"mdat") - 4
    return body[:mdat] + body[moov:] + body[mdat : mdat + (moov - mdat) // 2]


def image(kind: str) -> bytes:
    body = io.BytesIO()
    Image.new("RGB", (64, 48), "red").save(body, kind)
    return body.getvalue()


PLAYLIST = b"#EXTM3U\n#EXTINF:1,\n/etc/passwd.ts\n#EXT-X-ENDLIST\n"
CONCAT = b"ffconcat version 1.0\nfile other.mp4\n"

# The bytes of ground_truth.mp4, and what the message says in mode asIs and in mode h264;
# "" = the video is accepted.
FILES: dict[str, tuple[Callable[[Path], bytes], str, str]] = {
    "AVI": (lambda at: clip(at, "a.avi", "mpeg4"), "it is an AVI file", ""),
    "WebM": (lambda at: clip(at, "a.webm", "libvpx"), "it is a Matroska or WebM file", ""),
    "Matroska": (lambda at: clip(at, "a.mkv", "mpeg4"), "it is a Matroska or WebM file", ""),
    "QuickTime": (lambda at: clip(at, "a.mov", "mpeg4"), "", ""),
    "nothing": (lambda _: b"", "is empty", "is empty"),
    "text": (lambda _: b"no video\n", "it is text", "it is text"),
    "playlist": (lambda _: PLAYLIST, "it is text", "it is text"),
    "list of files": (lambda _: CONCAT, "it is text", "it is text"),
    "PNG": (lambda _: image("PNG"), "it is a PNG image", "it is a PNG image"),
    "JPEG": (lambda _: image("JPEG"), "it is a JPEG image", "it is a JPEG image"),
    "WebP": (lambda _: image("WEBP"), "it is a WebP image", "it is a WebP image"),
    "GIF": (lambda _: image("GIF"), "it is a GIF image", ""),
    "zeros": (lambda _: bytes(500), "data of an unknown format", "data of an unknown format"),
    "no index": (without_index, "it has no index (moov)", "it has no index (moov)"),
    "cut": (without_end, "it ends within its mdat box", "it ends within its mdat box"),
    "cut at the start": (lambda at: mp4(at)[:20], "is incomplete", "is incomplete"),
    "cut AVI": (
        lambda at: clip(at, "a.avi", "mpeg4")[:-100],
        "it is shorter than its header says",
        "it is shorter than its header says",
    ),
    "cut Matroska": (
        lambda at: clip(at, "a.mkv", "mpeg4")[:-100],
        "it is shorter than its header says",
        "it is shorter than its header says",
    ),
    "stream without a container": (
        lambda at: clip(at, "a.h264", "libx264"),
        "stream without a container",
        "stream without a container",
    ),
}


@pytest.mark.parametrize("mode", ["asIs", "h264"])
@pytest.mark.parametrize("name", FILES)
def test_the_message_says_what_the_file_is_and_what_to_do(
    tmp_path: Path, name: str, mode: str
) -> None:
    media.dropped_frames.forget(hashlib.sha256(b"").hexdigest())  # of another test
    make, as_is, converted = FILES[name]
    expected = converted if mode == "h264" else as_is
    facts = write_sample(tmp_path, "maze", mode)
    (sample,) = find_samples(tmp_path / "out")
    (sample.path / "ground_truth.mp4").write_bytes(make(tmp_path))
    if not expected:
        assert finish_sample(sample, 0, facts)["video"]["frames"] >= 1
        return
    with pytest.raises(SampleInvalidError) as caught:
        finish_sample(sample, 0, facts)
    message = caught.value.message
    assert message.startswith("ground_truth.mp4 ")
    assert expected in message
    assert re.search("call release|write it|check that|give it|video: h264", message)
    assert not re.search(r"Errno|\d{6}|/tmp", message)
    assert caught.value.reason in {"VideoEmpty", "VideoUndecodable"}
