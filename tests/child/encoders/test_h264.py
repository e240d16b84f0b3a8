"""H.264: every frame, at its rate, the same bytes each time, in files that browsers play."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from vrdata_child.encoders.h264 import VideoEncoder, VideoFacts

# From proc(5): getrusage would tell the peak of the process that started this one.
_PEAK = """
import sys
from pathlib import Path
from PIL import Image
from vrdata_child.encoders.h264 import VideoEncoder

encoder = VideoEncoder(Path(sys.argv[2]), 512, 512, 10)
for step in range(int(sys.argv[1])):
    image = Image.new("RGB", (512, 512), "white")
    image.paste((200, 30, 40), (step % 400, 10, step % 400 + 20, 30))
    encoder.add(image)
encoder.close()
print(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])
"""
_DIGEST = """
import hashlib, sys
from pathlib import Path
from PIL import Image
from vrdata_child.encoders.h264 import VideoEncoder

path = Path(sys.argv[1])
encoder = VideoEncoder(path, 128, 96, 10)
for step in range(20):
    encoder.add(Image.linear_gradient("L").resize((128, 96)).rotate(step))
encoder.close()
print(hashlib.sha256(path.read_bytes()).hexdigest())
"""


def drawing(step: int, width: int = 128, height: int = 96) -> Image.Image:
    """A flat frame with a moving square."""
    image = Image.new("RGB", (width, height), (240, 240, 230))
    image.paste((200, 30, 40), (step % (width - 20), 10, step % (width - 20) + 20, 30))
    return image


def noise(step: int) -> Image.Image:
    """A noisy frame, as from a camera."""
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


def x264_options(path: Path) -> bytes:
    """The options that x264 notes in its stream."""
    return path.read_bytes().partition(b" - options: ")[2].partition(b"\0")[0]


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


def test_the_index_precedes_the_data_so_that_browsers_start_immediately(tmp_path: Path) -> None:
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


def test_settings_do_not_depend_on_the_first_frame(tmp_path: Path) -> None:
    flat, rough = [drawing(step) for step in range(5)], [noise(step) for step in range(5)]
    for name, frames in (("flat", flat), ("rough", rough), ("rougher", flat + rough)):
        encode(tmp_path / name, frames)
    assert len({x264_options(tmp_path / name) for name in ("flat", "rough", "rougher")}) == 1


def test_noise_takes_equal_bytes_whether_or_not_the_video_begins_with_it(tmp_path: Path) -> None:
    flat, rough = [drawing(step) for step in range(16)], [noise(step) for step in range(16)]
    sizes = {}
    for name, frames in (("flat", flat), ("rough", rough), ("rougher", flat + rough)):
        encode(tmp_path / name, frames)
        sizes[name] = (tmp_path / name).stat().st_size
    assert sizes["rougher"] < 1.02 * (sizes["flat"] + sizes["rough"])


def test_a_frame_of_another_size_is_refused(tmp_path: Path) -> None:
    encoder = VideoEncoder(tmp_path / "v.mp4", 128, 96, 10)
    encoder.add(drawing(0))
    with pytest.raises(ValueError, match="in a video of"):
        encoder.add(drawing(0, 64, 96))


def test_a_video_without_frames_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least one frame"):
        VideoEncoder(tmp_path / "v.mp4", 128, 96, 10).close()


def test_memory_does_not_grow_with_frames(tmp_path: Path) -> None:
    few, many = (fresh(_PEAK, count, tmp_path / "v.mp4") for count in (50, 400))
    assert int(many) < int(few) + 8 * 1024, "kB; a frame has 768"


def test_equal_frames_give_equal_bytes_in_every_process(tmp_path: Path) -> None:
    digests = {fresh(_DIGEST, tmp_path / name) for name in ("a", "b")}
    assert len(digests) == 1


def test_one_thread_encodes_because_the_number_of_threads_changes_bytes(tmp_path: Path) -> None:
    encode(tmp_path / "v.mp4", [drawing(0, 512, 512)])  # x264 gives a small picture one anyway
    assert b" threads=1 " in (tmp_path / "v.mp4").read_bytes()  # x264 notes its options


@pytest.mark.parametrize("frame", [drawing, noise])
def test_videos_use_the_profile_that_browsers_decode(tmp_path: Path, frame: object) -> None:
    assert callable(frame)
    encode(tmp_path / "v.mp4", [frame(step) for step in range(8)])
    with av.open(str(tmp_path / "v.mp4")) as container:
        assert container.streams.video[0].codec_context.profile == "High"


def test_playing_can_start_at_every_64th_frame(tmp_path: Path) -> None:
    encode(tmp_path / "v.mp4", [drawing(step) for step in range(200)])
    with av.open(str(tmp_path / "v.mp4")) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
    assert {0, 64, 128, 192} <= {at for at, packet in enumerate(packets) if packet.is_keyframe}


@pytest.mark.parametrize("mode", ["L", "P", "RGBA"])
def test_frames_of_other_modes_look_like_their_rgb_picture(tmp_path: Path, mode: str) -> None:
    frames = [drawing(step).convert(mode) for step in range(4)]
    encode(tmp_path / "other.mp4", frames)
    encode(tmp_path / "rgb.mp4", [frame.convert("RGB") for frame in frames])
    assert (tmp_path / "other.mp4").read_bytes() == (tmp_path / "rgb.mp4").read_bytes()


def fresh(script: str, *arguments: object) -> str:
    """The output of a script in a separate interpreter, without this one's memory."""
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=120,
    )
    return done.stdout
