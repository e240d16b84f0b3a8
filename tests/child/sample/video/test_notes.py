"""What H.264 in MP4 does not keep of a video is noted; what it cannot store is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from av.stream import Disposition

from support.datasets.clips import corners, picture_of, quarters, write_clip
from support.generators.samples import write_sample
from vrdata_child.hermetic.folders import find_samples
from vrdata_child.patches.opencv import H264Writer
from vrdata_child.sample.finish import finish_sample
from vrdata_child.sample.invalid import SampleInvalidError
from vrdata_child.sample.video.containers import format_of
from vrdata_child.sample.video.transcode import to_h264


def titled(output: Any, _: Any) -> None:
    output.metadata["title"], output.metadata["comment"] = "a", "b"


def attached(output: Any, _: Any) -> None:
    output.add_attachment("a.txt", "text/plain", b"a")


def with_chapters(output: Any, _: Any) -> None:
    chapter = {"id": 1, "start": 0, "end": 9, "time_base": Fraction(1, 10), "metadata": {}}
    output.set_chapters([chapter])


def second_video(output: Any, _: Any, disposition: Disposition = Disposition.default) -> None:
    other = output.add_stream("mjpeg", rate=1)
    other.width, other.height, other.pix_fmt, other.disposition = 16, 16, "yuvj420p", disposition
    output.start_encoding()
    frame = av.VideoFrame.from_ndarray(quarters(16, 16), "rgb24")
    frame.pts = 0
    output.mux(other.encode(frame))
    output.mux(other.encode())


def cover_picture(output: Any, stream: Any) -> None:
    second_video(output, stream, Disposition.attached_pic)


CLIPS: dict[str, tuple[str, dict[str, Any], str]] = {
    "nothing": ("v.mp4", {}, ""),
    "sound that MP4 does not store": (
        "v.avi",
        {"codec": "mpeg4", "sound": "adpcm_ms", "time_base": Fraction(1, 10)},
        "its sound (adpcm_ms) is dropped",
    ),
    "title": ("v.mp4", {"more": titled}, "its tags (comment, title) are dropped"),
    "attachment": ("v.mkv", {"more": attached}, "its attachment track is dropped"),
    "chapters": ("v.mp4", {"more": with_chapters}, "its chapters are dropped"),
    "second video": ("v.mp4", {"more": second_video}, "its second video track is dropped"),
    "cover picture": ("v.mp4", {"more": cover_picture}, "its cover picture is dropped"),
    "10 bits": ("v.mp4", {"pixels": "yuv420p10le"}, "10-bit colours become 8-bit colours"),
    "interlaced": (
        "v.mp4",
        {"options": {"x264opts": "interlaced=1"}, "size": (64, 64)},
        "interlaced frames become progressive frames",
    ),
    "transparency": (
        "v.webm",
        {"codec": "libvpx-vp9", "pixels": "yuva420p"},
        "transparency is dropped",
    ),
    "opaque": ("v.mov", {"codec": "png", "pixels": "rgba"}, ""),
}


@pytest.mark.parametrize("clip", CLIPS.values(), ids=CLIPS)
def test_what_is_not_kept_is_noted(tmp_path: Path, clip: tuple[str, dict[str, Any], str]) -> None:
    name, settings, note = clip
    path = write_clip(tmp_path / name, **settings)
    facts = to_h264(path, format_of(path, as_named=True))
    assert facts.notes == ((note,) if note else ())
    assert facts.frames == 4


def test_frames_with_transparency_are_noted(tmp_path: Path) -> None:
    path = tmp_path / "v.mov"
    with av.open(str(path), "w") as output:
        stream = output.add_stream("png", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "rgba"
        picture = np.dstack([quarters(), np.full((48, 64, 1), 128, np.uint8)])
        output.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgba")))
        output.mux(stream.encode())
    facts = to_h264(path, "mov")
    assert facts.notes == ("transparency is dropped",)
    assert corners(picture_of(path)) == [pytest.approx(c, abs=12) for c in corners(quarters())]


def finished(folder: Path, write: Callable[[Path], object], mode: str) -> dict[str, Any]:
    """The packet of a sample whose ground truth is written by `write`."""
    facts = write_sample(folder, "maze", mode)
    (sample,) = find_samples(folder / "out")
    write(sample.path / "ground_truth.mp4")
    return finish_sample(sample, 0, facts)


def metadata_notes(packet: dict[str, Any]) -> object:
    fields = json.loads((Path(packet["folder"]) / "metadata.json").read_text())
    return json.loads(fields["generator_metadata"]).get("vrdata_notes")


def test_notes_are_in_the_metadata_and_the_packet_of_the_sample(tmp_path: Path) -> None:
    packet = finished(tmp_path, lambda path: write_clip(path, pixels="yuv420p10le"), "h264")
    note = "ground_truth.mp4: 10-bit colours become 8-bit colours"
    assert packet["notes"] == metadata_notes(packet) == [note]


def test_a_file_that_is_kept_has_no_notes(tmp_path: Path) -> None:
    packet = finished(tmp_path, lambda path: write_clip(path, more=titled), "asIs")
    assert packet["notes"] == []
    assert metadata_notes(packet) is None


def test_a_sample_with_dropped_frames_has_a_note(tmp_path: Path) -> None:
    def write(path: Path) -> None:
        with H264Writer(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 10, (64, 48)) as writer:
            for frame in (quarters(), quarters(32, 32)):
                writer.write(frame)

    packet = finished(tmp_path, write, "h264")
    assert packet["video"]["frames"] == 1
    (note,) = packet["notes"]
    assert note.startswith("ground_truth.mp4: cv2.VideoWriter dropped 1 of 2 frames: 32 x 32 x 3,")
    assert note.endswith("in a video of 48 x 64 BGR uint8 (height x width)")


def test_a_video_whose_frames_were_all_dropped_says_why_it_is_empty(tmp_path: Path) -> None:
    def write(path: Path) -> None:
        writer = H264Writer(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 10, (48, 64))
        writer.write(quarters())
        writer.release()

    with pytest.raises(SampleInvalidError, match="dropped 1 of 1 frames: 48 x 64 x 3") as caught:
        finished(tmp_path, write, "h264")
    assert caught.value.reason == "VideoEmpty"


def test_frames_of_different_sizes_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "v.mkv"
    with av.open(str(path), "w") as output:
        stream = output.add_stream("mjpeg", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuvj420p"
        output.start_encoding()
        for number, size in enumerate([(64, 48), (32, 32)]):
            other: Any = av.CodecContext.create("mjpeg", "w")
            other.width, other.height, other.pix_fmt = *size, "yuvj420p"
            other.time_base = Fraction(1, 10)
            frame = av.VideoFrame.from_ndarray(quarters(*size), "rgb24").reformat(format="yuvj420p")
            frame.pts, frame.time_base = 0, Fraction(1, 10)
            for packet in [*other.encode(frame), *other.encode(None)]:
                packet.stream, packet.pts, packet.dts = stream, number, number
                output.mux(packet)
    with pytest.raises(SampleInvalidError, match="different sizes: 64 x 48 and 32 x 32 pixels"):
        to_h264(path, "matroska")


def test_a_video_that_is_turned_by_an_odd_angle_is_refused(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "v.mp4", more=lambda _, stream: stream.set_display_rotation(30))
    with pytest.raises(SampleInvalidError, match=r"turned by .*use video: asIs"):
        to_h264(path, "mov")
