"""Pictures and clips that browsers show, from real PNG and video files."""

import io
import struct
import zlib
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from PIL import Image

from support.builders import png
from support.datasets.clips import corners, picture_of, write_clip
from support.datasets.videos import encoded
from vrdata.dataset.manifest import VideoRecord
from vrdata.dataset.report.cards import preview
from vrdata.dataset.report.cards.preview import NoPreviewError, clip, picture


def noise_png(width: int, height: int, mode: str = "RGB") -> bytes:
    channels = {"RGB": 3, "RGBA": 4}[mode]
    pixels = np.random.default_rng(1).integers(0, 256, (height, width, channels), np.uint8)
    body = io.BytesIO()
    Image.fromarray(pixels).save(body, "PNG")
    return body.getvalue()


def png_header(width: int, height: int) -> bytes:
    """A PNG that only claims its size."""
    chunk = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    )


def record(
    encoder: str = "mpeg4", name: str = "ground_truth.mp4", frames: int = 8, fps: float = 8.0
) -> VideoRecord:
    return VideoRecord(name=name, frames=frames, fps=fps, width=64, height=64, encoder=encoder)


def opened(body: bytes) -> tuple[str, str, int, int, int, float]:
    """Codec, pixel format, width, height, frames and frames per second."""
    with av.open(io.BytesIO(body), "r", format="mp4") as container:
        stream = container.streams.video[0]
        rate = float(stream.average_rate or 0)
        frames = sum(1 for _ in container.decode(stream))
        context = stream.codec_context
        return context.name, context.pix_fmt or "", context.width, context.height, frames, rate


def test_a_small_png_is_used_as_it_is() -> None:
    body = png(5)
    assert picture(body) == preview.Preview(body, ".png")


@pytest.mark.parametrize(("mode", "transparent"), [("RGB", False), ("RGBA", True)])
def test_a_large_png_is_converted_to_a_small_webp(mode: str, transparent: bool) -> None:
    made = picture(noise_png(900, 600, mode))
    assert made.suffix == ".webp"
    with Image.open(io.BytesIO(made.body)) as image:
        assert image.size == (512, 341)
        assert image.has_transparency_data == transparent


def test_equal_pictures_give_equal_previews() -> None:
    body = noise_png(900, 600)
    assert picture(body) == picture(body)


def test_an_image_with_a_huge_size_in_its_header_is_refused_before_it_uses_memory() -> None:
    with pytest.raises(NoPreviewError, match="100000 x 100000 pixels, at most 67108864"):
        picture(png_header(100_000, 100_000))


@pytest.mark.parametrize("body", [b"", b"<svg/>", b"\x89PNG\r\n\x1a\n", noise_png(900, 600)[:5000]])
def test_a_damaged_png_has_no_preview(body: bytes) -> None:
    with pytest.raises(NoPreviewError):
        picture(body if len(body) < 100 else body.ljust(preview.COPIED_PICTURE + 1, b"\0"))


def test_small_h264_of_our_own_encoder_is_used_as_it_is() -> None:
    body = encoded("libx264")
    assert clip(body, record("x264 ultrafast qp23 yuv420p")) == preview.Preview(body, ".mp4")


def test_mp4v_is_converted_to_h264_that_browsers_play() -> None:
    made = clip(encoded("mpeg4", frames=8), record())
    assert opened(made.body) == ("h264", "yuv420p", 64, 64, 8, 8.0)
    assert made.note == ""


def test_odd_sizes_in_full_chroma_are_converted_to_even_sizes_in_420() -> None:
    body = encoded("libx264", width=65, height=63, pixels="yuv444p")
    assert opened(body)[1] == "yuv444p"
    made = clip(body, record("x264 ultrafast qp23 yuv444p"))
    assert opened(made.body)[:4] == ("h264", "yuv420p", 64, 64)


def test_large_videos_are_scaled_down() -> None:
    made = clip(encoded("mpeg4", width=1024, height=600, frames=2), record(frames=2))
    assert opened(made.body)[2:5] == (512, 300, 2)


def test_other_containers_are_recognised_by_their_extension() -> None:
    body = encoded("mpeg4", container="avi")
    assert opened(clip(body, record(name="ground_truth.avi")).body)[4] == 8


def test_long_videos_are_cut_with_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preview, "MAX_FRAMES", 3)
    made = clip(encoded("mpeg4", frames=8), record())
    assert opened(made.body)[4] == 3
    assert made.note == "the clip shows the first 3 frames"


def test_a_clip_says_what_it_does_not_show(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "v.mp4", [0, 0.1, 0.9], codec="mpeg4", sound="aac")
    made = clip(path.read_bytes(), record(frames=3))
    assert made.note == "the clip has no sound and shows every frame for the same time"


def test_a_clip_is_turned_as_players_show_the_video(tmp_path: Path) -> None:
    path = write_clip(
        tmp_path / "v.mp4", codec="mpeg4", more=lambda _, stream: stream.set_display_rotation(90)
    )
    (tmp_path / "clip.mp4").write_bytes(clip(path.read_bytes(), record(frames=4)).body)
    shown = cv2.VideoCapture(str(path)).read()[1][:, :, ::-1]
    found = corners(picture_of(tmp_path / "clip.mp4"))
    assert found == [pytest.approx(colour, abs=25) for colour in corners(shown)]


def test_equal_videos_give_equal_clips() -> None:
    body = encoded("mpeg4")
    assert clip(body, record()) == clip(body, record())


def test_a_preview_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preview, "MAX_CLIP", 100)
    with pytest.raises(NoPreviewError, match="more than"):
        clip(encoded("mpeg4"), record())


@pytest.mark.parametrize("body", [b"", b"no video", b"#EXTM3U\n/etc/passwd\n"])
def test_a_file_that_is_not_a_video_has_no_preview(body: bytes) -> None:
    with pytest.raises(NoPreviewError, match="cannot be decoded"):
        clip(body, record())


def test_a_video_with_an_unknown_extension_has_no_preview() -> None:
    with pytest.raises(NoPreviewError, match="extension is unknown"):
        clip(encoded(), record(name="ground_truth.m3u8"))
