"""Pictures of every kind of reference; what cannot be loaded is named; the cache is bounded."""

from __future__ import annotations

import base64
import errno
import io
import os
import pickle
import socket
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from support.frames.clips import SIZE, sequential, write_clip
from support.frames.forking import holds_after_fork
from vrdata.desktop.pictures.loading import Pictures
from vrdata.errors import UsageError
from vrdata.frames.clip import Clip
from vrdata.frames.source import MediaError, Source

FRAMES, RATE = 40, 20
BYTES = SIZE * SIZE * 3


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recording")
    write_clip(path / "a", FRAMES, "h264-open", RATE)
    return path


@pytest.fixture(scope="module")
def truth(folder: Path) -> list[np.ndarray]:
    return sequential(folder / "a.mkv")


def refs(*frames: int, path: str = "a.mkv") -> list[dict[str, Any]]:
    return [{"path": path, "pts": frame * 10**9 // RATE} for frame in frames]


def picture_bytes(kind: str) -> tuple[np.ndarray, bytes]:
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind)
    return pixels, file.getvalue()


def test_videos_are_found_by_every_kind_of_path(folder: Path, truth: list[np.ndarray]) -> None:
    recording = str(folder / "a.mcap")
    wholly = base64.b64encode((folder / "a.mkv").read_bytes()).decode()
    for path in (
        "a.mkv",
        f"../{folder.name}/a.mkv",
        str(folder / "a.mkv"),
        (folder / "a.mkv").as_uri(),
        f"data:video/matroska;base64,{wholly}",
    ):
        frame, later = Pictures().load(refs(7, 30, path=path), recording)
        np.testing.assert_array_equal(frame, truth[7])
        np.testing.assert_array_equal(later, truth[30])


@pytest.mark.parametrize("kind", ["png", "bmp"])
def test_pictures_are_files_or_embedded(tmp_path: Path, kind: str) -> None:
    pixels, body = picture_bytes(kind)
    (tmp_path / "a.picture").write_bytes(body)
    embedded = f"data:image/{kind};base64,{base64.b64encode(body).decode()}"
    wanted = [{"path": path, "pts": None} for path in ("a.picture", embedded, "a.picture")]
    for found in Pictures().load(wanted, str(tmp_path / "a.mcap")):
        np.testing.assert_array_equal(found, pixels)


def test_times_are_those_of_the_recorder_or_of_the_container(
    folder: Path, truth: list[np.ndarray]
) -> None:
    recording = str(folder / "a.mcap")
    near = [{"path": "a.mkv", "pts": 350_000_000 + off} for off in (-900_000, 0, 900_000)]
    for found in Pictures().load(near, recording):
        np.testing.assert_array_equal(found, truth[7])
    with pytest.raises(MediaError, match=r"a\.mkv has no frame at 0\.351100 s") as error:
        Pictures().load([{"path": "a.mkv", "pts": 351_100_000}], recording)
    assert "the nearest one is at 0.350000 s" in error.value.why


@pytest.mark.parametrize(
    ("ref", "message"),
    [
        ({"path": "gone.mkv", "pts": 0}, r"gone\.mkv does not exist"),
        ({"path": "gone.png", "pts": None}, r"gone\.png does not exist"),
        ({"path": "text.mkv", "pts": 0}, r"text\.mkv cannot be decoded"),
        ({"path": "text.mkv", "pts": None}, r"text\.mkv cannot be decoded"),
        ({"path": "https://example.org/a.mkv", "pts": 0}, r"https://example\.org/a\.mkv is a URL"),
        ({"path": "data:image/png;base64,A", "pts": None}, "is not a valid data: URI"),
        ({"path": "data:image/png;base64,AAAA", "pts": None}, "cannot be decoded"),
        ({"path": "a\0.png", "pts": None}, "cannot be read"),
        ({"path": "a\0.mkv", "pts": 0}, "cannot be read"),
        ({"path": "a.mkv", "pts": 99 * 10**9}, r"a\.mkv has no frame at 99"),
    ],
)
def test_what_cannot_be_loaded_is_named_or_left_out(
    folder: Path, truth: list[np.ndarray], ref: dict[str, Any], message: str
) -> None:
    (folder / "text.mkv").write_text("no video")
    recording = str(folder / "a.mcap")
    with pytest.raises(MediaError, match=message):
        Pictures().load([ref], recording)
    pictures = Pictures(on_missing="skip")
    with pytest.warns(RuntimeWarning, match=message):
        first, none, last = pictures.load([*refs(3), ref, *refs(9)], recording)
    assert none is None
    np.testing.assert_array_equal(first, truth[3])
    np.testing.assert_array_equal(last, truth[9])
    assert pictures.load([ref], recording) == [None]  # a file is named once
    assert pictures.missing == 2


@pytest.mark.parametrize("name", ["pipe.mkv", "pipe.png", "pipe"])
def test_a_pipe_is_not_waited_for(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / name)
    for pts in (0, None):
        with pytest.raises(MediaError, match=rf"{name} is not a file"):
            Pictures().load([{"path": name, "pts": pts}], str(tmp_path / "a.mcap"))


@pytest.mark.parametrize("uri", ["file:http://127.0.0.1:{}/x.mkv", "file:tcp://127.0.0.1:{}/x.mkv"])
def test_no_reference_connects_to_a_server(uri: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        with pytest.raises(MediaError, match="does not exist"):
            Pictures().load(refs(0, path=uri.format(server.getsockname()[1])), "/none/a.mcap")
        with pytest.raises(BlockingIOError):
            server.accept()


@pytest.mark.parametrize("name", ["a.mkv", "a.png", "a"])
def test_a_file_that_may_not_be_read_is_one_missing_picture(
    folder: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> int:
        raise PermissionError(errno.EACCES, "Permission denied")

    pictures = Pictures(on_missing="skip")
    monkeypatch.setattr("vrdata.frames.source.os.open", refused)
    with pytest.warns(RuntimeWarning, match=f"{name} cannot be read\n.*Permission denied"):
        assert pictures.load(refs(0, path=name), str(folder / "a.mcap")) == [None]


def test_a_video_that_cannot_be_opened_is_not_tried_for_each_of_its_frames(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[str] = []

    def refused(clip: Clip, source: Source, *_: object) -> None:
        tried.append(source.name)
        raise MediaError(f"{source.name} is damaged")

    monkeypatch.setattr(Clip, "__init__", refused)
    pictures = Pictures(on_missing="skip")
    with pytest.warns(RuntimeWarning, match="is damaged"):
        assert pictures.load(refs(*range(20)), str(folder / "a.mcap")) == [None] * 20
    assert pictures.missing == 20
    assert len(tried) <= 2


def test_the_cache_is_bounded_by_pictures_and_by_bytes(folder: Path) -> None:
    recording = str(folder / "a.mcap")
    for pictures, most in (
        (Pictures(4), 4),
        (Pictures(1000, 5 * BYTES), 5),
        (Pictures(0), 0),
        (Pictures(4, 0), 0),
    ):
        for frame in (3, 20, 9, 33, 12, 5):
            pictures.load(refs(frame, frame + 2), recording)
            assert pictures.info.items <= most
            assert pictures.info.bytes <= most * BYTES
        assert pictures.info.items == most


def test_the_picture_that_was_used_longest_ago_is_dropped_and_hits_are_counted(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded: list[int] = []
    frames = Clip.frames
    monkeypatch.setattr(
        Clip, "frames", lambda self, wanted: decoded.extend(wanted) or frames(self, wanted)
    )
    recording = str(folder / "a.mcap")
    pictures = Pictures(3)
    for frame in (0, 1, 2, 0, 3, 0, 1):
        pictures.load(refs(frame), recording)
    assert decoded == [0, 1, 2, 3, 1]
    assert (pictures.info.hits, pictures.info.misses, pictures.info.items) == (2, 5, 3)
    assert pictures.info.hit_ratio == pytest.approx(2 / 7)


def test_each_video_is_decoded_on_one_way_for_all_requests(
    folder: Path, truth: list[np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    seeks: list[int] = []
    seek = Clip._seek
    monkeypatch.setattr(Clip, "_seek", lambda clip, key: (seeks.append(key), seek(clip, key))[1])
    recording = str(folder / "a.mcap")
    pictures = Pictures(0)
    (late, twice), (early,) = pictures.load_many([(refs(30, 12), recording), (refs(11), recording)])
    for found, frame in ((late, 30), (twice, 12), (early, 11)):
        np.testing.assert_array_equal(found, truth[frame])
    assert seeks == [8, 25]


def test_pictures_are_read_in_other_processes(folder: Path, truth: list[np.ndarray]) -> None:
    recording = str(folder / "a.mcap")
    pictures = Pictures()
    pictures.load(refs(5), recording)

    def is_right() -> bool:
        (frame,) = pictures.load(refs(31), recording)
        return np.array_equal(frame, truth[31]) and pictures.info.misses == 1

    assert holds_after_fork(is_right)
    sent = pickle.loads(pickle.dumps(pictures))  # noqa: S301 - our own
    assert sent.info.items == 0
    np.testing.assert_array_equal(sent.load(refs(6), recording)[0], truth[6])


def test_what_cannot_be_meant_is_refused() -> None:
    for wrong in ({"max_items": -1}, {"max_bytes": -1}, {"on_missing": "ignore"}):
        with pytest.raises(UsageError):
            Pictures(**wrong)  # type: ignore[arg-type]
