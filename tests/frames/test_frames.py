"""Frames read in any order equal those of sequential decoding."""

from __future__ import annotations

import io
import pickle
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from support.frames.clips import CODECS, SIZE, mark_all_as_key, picture, sequential, write_clip
from support.frames.forking import holds_after_fork
from vrdata.frames.clip import Clip
from vrdata.frames.reader import FrameReader
from vrdata.frames.source import MediaError, Source

FRAMES = 40


@cache
def decoded(path: Path) -> list[NDArray[np.uint8]]:
    return sequential(path)


def source(path: Path) -> Source:
    return Source(str(path), str(path), lambda: str(path))


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("clips")
    paths = {kind: write_clip(folder / kind, FRAMES, kind) for kind in CODECS}
    paths["h264-wrong"] = write_clip(folder / "wrong", FRAMES)
    mark_all_as_key(paths["h264-wrong"])
    paths["mpeg4-wrong"] = write_clip(folder / "wrong4", FRAMES, "mpeg4").rename(folder / "w4.mp4")
    mark_all_as_key(paths["mpeg4-wrong"])
    return paths


KINDS = [*CODECS, "h264-wrong", "mpeg4-wrong"]


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=8)
@given(st.lists(st.lists(st.integers(0, FRAMES - 1), min_size=1, max_size=4), max_size=6))
def test_frames_in_any_order_equal_sequential_decoding(
    clips: dict[str, Path], kind: str, reads: list[list[int]]
) -> None:
    truth = decoded(clips[kind])
    reader = FrameReader(cache_bytes=5 * SIZE * SIZE * 3)
    assert len(reader.table(source(clips[kind]))) == len(truth) == FRAMES
    for indexes in reads:
        for index, frame in zip(indexes, reader.frames(source(clips[kind]), indexes), strict=True):
            np.testing.assert_array_equal(frame, truth[index])


def test_packets_that_are_all_marked_as_key_frames_are_not_believed(
    clips: dict[str, Path],
) -> None:
    wrong = clips["mpeg4-wrong"]
    with av.open(str(wrong)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
        assert all(packet.is_keyframe for packet in packets)
    assert (
        Clip(source(wrong)).table.keys.tolist() == Clip(source(clips["h264"])).table.keys.tolist()
    )


def test_a_seek_that_ends_on_no_key_frame_begins_again(clips: dict[str, Path]) -> None:
    clip = Clip(source(clips["mpeg4"]))
    clip.table.keys[:] = True
    truth = sequential(clips["mpeg4"])
    for index in (17, 5, 30):
        *_, (last, frame) = clip.frames([index])
        assert last == index
        np.testing.assert_array_equal(frame.to_ndarray(format="rgb24"), truth[index])


def test_the_frames_of_a_window_are_decoded_on_one_way(
    clips: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    seeks: list[int] = []
    seek = Clip._seek
    monkeypatch.setattr(Clip, "_seek", lambda clip, key: (seeks.append(key), seek(clip, key))[1])
    reader = FrameReader()
    clip = source(clips["h264"])
    reader.frames(clip, [20, 18, 19])
    assert seeks == [12]
    reader.frames(clip, [12, 15, 20])
    reader.frames(clip, [21, 22])
    assert seeks == [12]  # from the cache, and from where the decoder is
    reader.frames(clip, [39])
    assert seeks == [12, 36]


def test_times_are_exact_nanoseconds(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip", 7, rate=30)
    times = FrameReader().table(source(clip)).times
    assert times.tolist() == [(2 * n * 10**9 + 30) // 60 for n in range(7)]


def test_a_reader_works_in_another_process(clips: dict[str, Path]) -> None:
    reader = FrameReader()
    truth = sequential(clips["h264"])
    reader.frames(source(clips["h264"]), [5])
    assert holds_after_fork(
        lambda: np.array_equal(reader.frames(source(clips["h264"]), [30])[0], truth[30])
    )
    sent = pickle.loads(pickle.dumps(reader))  # noqa: S301 - our own
    np.testing.assert_array_equal(sent.frames(source(clips["h264"]), [6])[0], truth[6])


def test_a_damaged_clip_is_named(tmp_path: Path, clips: dict[str, Path]) -> None:
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(clips["h264"].read_bytes()[:600])
    playlist = tmp_path / "list.m3u8"
    playlist.write_text(f"#EXTM3U\n#EXTINF:1,\n{clips['h264']}\n")
    disguised = tmp_path / "list.mp4"
    disguised.write_text(playlist.read_text())
    for path in (cut, disguised):
        with pytest.raises(MediaError, match=f"{path.name} cannot be decoded"):
            FrameReader().table(source(path))
    with pytest.raises(MediaError, match="not in a video format that vrdata reads"):
        FrameReader().table(source(playlist))


def test_embedded_clips_need_no_name(clips: dict[str, Path]) -> None:
    for kind in ("h264", "vp9", "mjpeg"):
        data = clips[kind].read_bytes()
        embedded = Source(kind, "embedded", lambda data=data: io.BytesIO(data))  # type: ignore[misc]
        assert len(FrameReader().table(embedded)) == FRAMES


def test_after_a_frame_that_cannot_be_decoded_the_others_can(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "clip", FRAMES)
    truth = sequential(path)
    body = bytearray(path.read_bytes())
    with av.open(str(path)) as container:
        (packet,) = [one for one in container.demux(video=0) if one.size and one.pts == 20 * 512]
        body[packet.pos : packet.pos + packet.size] = b"\xff" * packet.size
    damaged = tmp_path / "damaged.mp4"
    damaged.write_bytes(body)
    clip = Clip(source(damaged))
    for index in (13, 15, 25):
        *_, (last, frame) = clip.frames([index])
        assert last == index
        np.testing.assert_array_equal(frame.to_ndarray(format="rgb24"), truth[index])
        with pytest.raises(MediaError, match=r"damaged\.mp4"):
            list(clip.frames([20]))


def test_a_read_that_is_given_up_on_its_way_does_not_harm_the_next(clips: dict[str, Path]) -> None:
    clip, truth = Clip(source(clips["h264"])), decoded(clips["h264"])
    begun = clip.frames([8])
    assert [next(begun)[0] for _ in range(4)] == [0, 1, 2, 3]
    begun.close()
    for index in (2, 4):
        *_, (_, frame) = clip.frames([index])
        np.testing.assert_array_equal(frame.to_ndarray(format="rgb24"), truth[index])


def test_frames_that_share_a_time_are_told_apart_and_their_times_increase(tmp_path: Path) -> None:
    path = tmp_path / "fast.mkv"
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("mpeg4", 4000, options={"g": "5"})
        stream.width = stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        for number in range(12):
            frame = av.VideoFrame.from_ndarray(picture(number, np.random.default_rng(number)))
            frame.pts, frame.time_base = number, Fraction(1, 4000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    truth = sequential(path)
    reader = FrameReader(cache_bytes=0)
    table = reader.table(source(path))
    assert len(table) == len(truth) == 12
    assert (np.diff(table.times) > 0).all()
    for index in (7, 3, 11, 0):
        np.testing.assert_array_equal(reader.frames(source(path), [index])[0], truth[index])


def test_frames_of_odd_sizes_have_no_padding(clips: dict[str, Path]) -> None:
    path = clips["h264"]
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
    for width in (31, 47, 333):
        scaled = frame.reformat(width, 35, "rgb24").to_ndarray()
        (found,) = FrameReader(size=(35, width)).frames(source(path), [0])
        np.testing.assert_array_equal(found, scaled)
