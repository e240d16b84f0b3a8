"""Frames that repeat the previous one are in the video, and decode to the same picture."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from vrdata_child.encoders.h264 import VideoEncoder
from vrdata_child.encoders.repeats import Repeats, UnsupportedStreamError
from vrdata_child.encoders.x264 import GOP, StreamFacts, X264File

Pixels = NDArray[np.uint8]


def picture(number: int, size: tuple[int, int]) -> Image.Image:
    """Blocks of random colours; a few of them differ between two numbers."""
    width, height = size
    blocks = np.random.default_rng(1).integers(0, 256, (8, 8, 3), np.uint8)
    blocks[number % 8, number // 8 % 8] = 255 - blocks[0, 0]
    return Image.fromarray(blocks).resize((width, height), Image.Resampling.NEAREST)


def encode(path: Path, shown: Sequence[int], size: tuple[int, int]) -> None:
    encoder = VideoEncoder(path, *size, 10)
    for number in shown:
        encoder.add(picture(number, size))
    encoder.close()


def decode(path: Path) -> list[Pixels]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray() for frame in container.decode(video=0)]


@pytest.mark.parametrize(
    "size", [(2, 2), (16, 16), (64, 48), (127, 95), (398, 16), (640, 480), (1024, 1024)]
)
def test_repeated_frames_leave_the_others_as_they_are(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    counts = [1, 4, 1, 2, 20, 1, 1, 3]  # more than a frame number of 4 bits counts
    shown = [number for number, count in enumerate(counts) for _ in range(count)]
    encode(tmp_path / "all.mp4", shown, size)
    encode(tmp_path / "once.mp4", range(len(counts)), size)
    once = decode(tmp_path / "once.mp4")
    decoded = decode(tmp_path / "all.mp4")
    assert len(decoded) == len(shown)
    for number, found in zip(shown, decoded, strict=True):
        assert np.array_equal(found, once[number]), number


def test_a_repeated_frame_takes_few_bytes(tmp_path: Path) -> None:
    with av.open(str(encoded(tmp_path, [0] * 40))) as container:
        sizes = [packet.size for packet in container.demux(video=0) if packet.size]
    assert len(sizes) == 40
    assert max(sizes[1:]) < 60


def test_repeated_frames_are_not_given_to_x264(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = []
    add = X264File.add

    def watched(self: X264File, picture: av.VideoFrame, **arguments: object) -> None:
        given.append(arguments["changed"])
        add(self, picture, **arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(X264File, "add", watched)
    encoded(tmp_path, [0, 0, 1, 1, 1, 0])
    assert given == [True, False, True, False, False, True]


@pytest.mark.parametrize("shown", [[0] * 200, [0, 1] + [1] * 70, [0] * 63 + [1, 1, 0] * 25])
def test_playing_can_start_at_every_key_frame(tmp_path: Path, shown: list[int]) -> None:
    whole = decode(encoded(tmp_path, shown))
    with av.open(str(tmp_path / "v.mp4")) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
        keys = [at for at, packet in enumerate(packets) if packet.is_keyframe]
        assert keys == list(range(0, len(shown), GOP))
        for key in keys:
            container.seek(packets[key].pts or 0, stream=container.streams.video[0])
            rest = [frame.to_ndarray() for frame in container.decode(video=0)]
            assert len(rest) == len(whole) - key
            assert all(map(np.array_equal, rest, whole[key:]))


def test_repeated_frames_keep_their_own_times(tmp_path: Path) -> None:
    times = list(itertools.accumulate([40, 10, 130, 7, 25, 300, 60]))
    durations = [end - start for start, end in itertools.pairwise([*times, times[-1] + 33])]
    facts = StreamFacts(time_base=Fraction(1, 1000))
    encoder = VideoEncoder(tmp_path / "v.mp4", 64, 48, 25, facts=facts)
    for number, time in zip([0, 0, 1, 1, 1, 2, 2], zip(times, durations, strict=True), strict=True):
        encoder.add(picture(number, (64, 48)), time)
    encoder.close()
    with av.open(str(tmp_path / "v.mp4")) as container:
        found = [round((frame.time or 0) * 1000) for frame in container.decode(video=0)]
    assert found == times


@pytest.mark.parametrize("headers", [b"", b"\0\0\0\1\x67\x64\0\x16", b"\0\0\1\x68\xee\x0f\xcb"])
def test_a_stream_without_known_headers_gets_no_repeated_frames(headers: bytes) -> None:
    with pytest.raises(UnsupportedStreamError):
        Repeats(headers)


def encoded(folder: Path, shown: Sequence[int]) -> Path:
    encode(folder / "v.mp4", shown, (64, 48))
    return folder / "v.mp4"
