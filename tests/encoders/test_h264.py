"""H.264: every frame, at its rate, the same bytes each time, in files that browsers play."""

from __future__ import annotations

import hashlib
import resource
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from vrdata_child.h264 import VideoEncoder, VideoFacts


def drawing(step: int, width: int = 128, height: int = 96) -> Image.Image:
    """A flat frame with a moving square."""
    image = Image.new("RGB", (width, height), (240, 240, 230))
    image.paste((200, 30, 40), (step % (width - 20), 10, step % (width - 20) + 20, 30))
    return image


def noise(step: int) -> Image.Image:
    """A frame as a camera makes them."""
    grey = np.random.default_rng(step).normal(128, 30, (96, 128, 1)).clip(0, 255)
    return Image.fromarray(np.repeat(grey.astype(np.uint8), 3, axis=2))


def encode(path: Path, frames: list[Image.Image], fps: float = 10) -> VideoFacts:
    encoder = VideoEncoder(path, *frames[0].size, fps)
    for frame in frames:
        encoder.add(frame)
    return encoder.close()


def decode(path: Path) -> list[NDArray[np.uint8]]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


@pytest.mark.parametrize("count", [1, 2, 33, 100])
def test_every_frame_is_there_at_its_rate(tmp_path: Path, count: int) -> None:
    facts = encode(tmp_path / "v.mp4", [drawing(step) for step in range(count)], fps=12)
    assert (facts.frames, facts.fps) == (count, 12)
    with av.open(str(tmp_path / "v.mp4")) as container:
        stream = container.streams.video[0]
        assert stream.average_rate == Fraction(12)
        assert stream.codec_context.name == "h264"
        assert stream.pix_fmt == "yuv420p"
        assert len(list(container.decode(stream))) == count


def test_the_index_stands_before_the_data_so_that_browsers_start_at_once(tmp_path: Path) -> None:
    encode(tmp_path / "v.mp4", [drawing(step) for step in range(10)])
    body = (tmp_path / "v.mp4").read_bytes()
    assert body.index(b"moov") < body.index(b"mdat")


@pytest.mark.parametrize("frame", [drawing, noise])
def test_equal_frames_give_equal_bytes(tmp_path: Path, frame: object) -> None:
    assert callable(frame)
    digests = set()
    for name in ("a", "b"):
        encode(tmp_path / name, [frame(step) for step in range(20)])
        digests.add(hashlib.sha256((tmp_path / name).read_bytes()).hexdigest())
    assert len(digests) == 1


@pytest.mark.parametrize(("frame", "decibel"), [(drawing, 38), (noise, 30)])
def test_decoded_frames_are_close_to_the_given_ones(
    tmp_path: Path, frame: object, decibel: float
) -> None:
    assert callable(frame)
    frames = [frame(step) for step in range(12)]
    encode(tmp_path / "v.mp4", frames)
    for given, found in zip(frames, decode(tmp_path / "v.mp4"), strict=True):
        error = np.mean((np.asarray(given).astype(float) - found) ** 2)
        assert 10 * np.log10(255**2 / error) > decibel


@pytest.mark.parametrize("size", [(127, 96), (128, 95), (63, 33)])
def test_odd_sizes_keep_every_pixel(tmp_path: Path, size: tuple[int, int]) -> None:
    encode(tmp_path / "v.mp4", [drawing(step, *size) for step in range(5)])
    assert decode(tmp_path / "v.mp4")[0].shape == (size[1], size[0], 3)


def test_drawings_and_noise_get_the_preset_that_their_first_frame_asks_for(tmp_path: Path) -> None:
    flat = encode(tmp_path / "flat.mp4", [drawing(step) for step in range(5)])
    rough = encode(tmp_path / "rough.mp4", [noise(step) for step in range(5)])
    assert "ultrafast" in flat.encoder
    assert "veryfast" in rough.encoder


def test_a_frame_of_another_size_is_refused(tmp_path: Path) -> None:
    encoder = VideoEncoder(tmp_path / "v.mp4", 128, 96, 10)
    encoder.add(drawing(0))
    with pytest.raises(ValueError, match="in a video of"):
        encoder.add(drawing(0, 64, 96))


def test_a_video_without_frames_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least one frame"):
        VideoEncoder(tmp_path / "v.mp4", 128, 96, 10).close()


def test_memory_does_not_grow_with_frames(tmp_path: Path) -> None:
    encoder = VideoEncoder(tmp_path / "v.mp4", 512, 512, 10)
    for step in range(60):
        encoder.add(drawing(step, 512, 512))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for step in range(600):
        encoder.add(drawing(step, 512, 512))
    encoder.close()
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 16 * 1024, f"{grown} kB more for 600 frames of 768 kB each"
