"""A video that is encoded again keeps its times, sound, orientation, proportions and colours."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import pytest

from support.datasets.clips import (
    COLOURS,
    corners,
    frame_times,
    picture_of,
    sound_packets,
    sound_times,
    write_clip,
)
from vrdata_child.encoders.h264 import VideoFacts
from vrdata_child.sample.video.containers import format_of
from vrdata_child.sample.video.transcode import to_h264

UNEVEN = [0, 0.1, 0.15, 0.4, 0.9, 1.0]


def encoded_again(clip: Path, name: str = "again.mp4") -> tuple[Path, VideoFacts]:
    """The clip as H.264, beside the original."""
    path = clip.with_name(f"{name}{clip.suffix}")
    path.write_bytes(clip.read_bytes())
    facts = to_h264(path, format_of(path, as_named=True), hash_frames=True)
    return path, facts


@pytest.mark.parametrize("name", ["v.mp4", "v.mov", "v.mkv"])
@pytest.mark.parametrize("times", [UNEVEN, [0.5, 0.6, 0.7], [0, 1 / 3, 2 / 3]])
def test_every_frame_is_shown_at_its_time(tmp_path: Path, name: str, times: list[float]) -> None:
    clip = write_clip(tmp_path / name, times)
    path, facts = encoded_again(clip)
    assert frame_times(path) == frame_times(clip) == [round(time, 3) for time in times]
    assert (facts.frames, facts.notes) == (len(times), ())


@pytest.mark.parametrize("rate", [Fraction(10), Fraction(30), Fraction(24000, 1001)])
@pytest.mark.parametrize("name", ["v.mp4", "v.mkv", "v.avi"])
def test_an_even_rate_stays_exact(tmp_path: Path, name: str, rate: Fraction) -> None:
    clip = tmp_path / name
    with av.open(str(clip), "w") as output:
        stream = output.add_stream("libx264", rate=rate)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for _ in range(12):
            output.mux(stream.encode(av.VideoFrame(64, 48, "yuv420p")))
        output.mux(stream.encode())
    path, facts = encoded_again(clip)
    assert facts.fps == pytest.approx(float(rate))
    with av.open(str(path)) as container:
        assert container.streams.video[0].average_rate == rate
        assert len(list(container.decode(video=0))) == 12


def test_frames_that_avi_does_not_repeat_leave_a_gap(tmp_path: Path) -> None:
    base = Fraction(1, 10)
    clip = write_clip(tmp_path / "v.avi", [0, 0.1, 0.4, 0.5], codec="mpeg4", time_base=base)
    path, _ = encoded_again(clip)
    assert frame_times(path) == [0, 0.1, 0.4, 0.5]


@pytest.mark.parametrize(
    ("name", "sound"),
    [
        ("v.mp4", "aac"),
        ("v.mp4", "libmp3lame"),
        ("v.mkv", "flac"),
        ("v.mkv", "ac3"),
        ("v.mkv", "pcm_s16le"),
        ("v.mov", "pcm_s16le"),
        ("v.avi", "pcm_s16le"),
        ("v.avi", "mp2"),
    ],
)
def test_sound_is_copied(tmp_path: Path, name: str, sound: str) -> None:
    clip = write_clip(tmp_path / name, UNEVEN, sound=sound, time_base=Fraction(1, 20))
    path, facts = encoded_again(clip)
    assert sound_packets(path) == sound_packets(clip)
    assert sound_times(path) == pytest.approx(sound_times(clip), abs=0.001)
    assert facts.notes == ()


def test_equal_clips_with_sound_give_equal_bytes(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "v.mp4", UNEVEN, sound="aac")
    bodies = {encoded_again(clip, name)[0].read_bytes() for name in ("one", "two")}
    assert len(bodies) == 1


TURNS = {
    "a quarter": (0, 65536, -65536, 0),
    "a half": (-65536, 0, 0, -65536),
    "three quarters": (0, -65536, 65536, 0),
    "mirrored": (-65536, 0, 0, 65536),
    "upside down": (65536, 0, 0, -65536),
    "mirrored and turned": (0, 65536, 65536, 0),
}


@pytest.mark.parametrize("turn", TURNS.values(), ids=TURNS)
def test_frames_are_turned_as_players_show_them(tmp_path: Path, turn: tuple[int, ...]) -> None:
    a, b, c, d = turn

    def turned(_: Any, stream: Any) -> None:
        stream.set_display_matrix([a, b, 0, c, d, 0, 0, 0, 1 << 30])

    clip = write_clip(tmp_path / "v.mp4", more=turned)
    path, facts = encoded_again(clip)
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
        assert (frame.rotation, frame.width, frame.height) == (0, facts.width, facts.height)
    found = corners(picture_of(path))
    # x' = a x + c y, y' = b x + d y, from the centre (FFmpeg: libavutil/display.h).
    for (x, y), colour in zip(((-1, -1), (1, -1), (-1, 1), (1, 1)), COLOURS, strict=True):
        across, down = a * x + c * y > 0, b * x + d * y > 0
        assert found[2 * down + across] == pytest.approx(colour, abs=12)


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_turned_frames_equal_those_that_opencv_reads(tmp_path: Path, degrees: int) -> None:
    clip = write_clip(
        tmp_path / "v.mp4", more=lambda _, stream: stream.set_display_rotation(degrees)
    )
    path, _ = encoded_again(clip)
    shown = cv2.VideoCapture(str(clip)).read()[1][:, :, ::-1]
    assert corners(picture_of(path)) == [pytest.approx(colour, abs=12) for colour in corners(shown)]


@pytest.mark.parametrize("degrees", [0, 90])
def test_the_proportions_of_pixels_are_kept(tmp_path: Path, degrees: int) -> None:
    def wide(_: Any, stream: Any) -> None:
        stream.codec_context.sample_aspect_ratio = Fraction(4, 3)
        if degrees:
            stream.set_display_rotation(degrees)

    path, _ = encoded_again(write_clip(tmp_path / "v.mp4", more=wide))
    with av.open(str(path)) as container:
        expected = Fraction(3, 4) if degrees else Fraction(4, 3)
        assert container.streams.video[0].sample_aspect_ratio == expected


@pytest.mark.parametrize("full", [False, True], ids=["limited", "full"])
@pytest.mark.parametrize("matrix", [1, 6], ids=["BT.709", "BT.601"])
@pytest.mark.parametrize("pixels", ["yuv420p", "yuv444p", "yuv420p10le"])
def test_colours_are_read_with_their_matrix_and_range(
    tmp_path: Path, pixels: str, matrix: int, full: bool
) -> None:
    clip = write_clip(tmp_path / "v.mp4", pixels=pixels, matrix=matrix, full=full)
    path, _ = encoded_again(clip)
    for found, colour in zip(corners(picture_of(path)), COLOURS, strict=True):
        assert found == pytest.approx(colour, abs=8)


@pytest.mark.parametrize(("primaries", "transfer"), [(9, 16), (6, 6), (1, 1)])
def test_primaries_and_transfer_are_written_to_the_file(
    tmp_path: Path, primaries: int, transfer: int
) -> None:
    def tagged(_: Any, stream: Any) -> None:
        stream.codec_context.color_primaries = primaries
        stream.codec_context.color_trc = transfer

    path, _ = encoded_again(write_clip(tmp_path / "v.mp4", more=tagged))
    with av.open(str(path)) as container:
        context = container.streams.video[0].codec_context
        assert (context.color_primaries, context.color_trc) == (primaries, transfer)


@pytest.mark.parametrize("size", [(63, 48), (64, 47), (33, 33)])
def test_odd_sizes_keep_every_pixel(tmp_path: Path, size: tuple[int, int]) -> None:
    clip = write_clip(tmp_path / "v.mp4", pixels="yuv444p", size=size)
    path, facts = encoded_again(clip)
    assert (facts.width, facts.height) == size
    assert picture_of(path).shape == (size[1], size[0], 3)


def test_equal_frames_have_equal_hashes_whatever_the_encoder_wrote(tmp_path: Path) -> None:
    one = write_clip(tmp_path / "one.mkv", codec="ffv1", pixels="bgr0")
    two = write_clip(tmp_path / "two.mov", codec="png", pixels="rgb24", time_base=Fraction(1, 1000))
    other = write_clip(tmp_path / "other.mkv", codec="ffv1", pixels="bgr0", shift=1)
    later = write_clip(tmp_path / "later.mkv", [0, 0.1, 0.2, 0.4], codec="ffv1", pixels="bgr0")
    hashes = [encoded_again(clip, clip.stem)[1].frames_sha256 for clip in (one, two, other, later)]
    assert hashes[0] == hashes[1]
    assert len(set(hashes)) == 3
