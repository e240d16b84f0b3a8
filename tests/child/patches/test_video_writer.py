"""The stand-in for cv2.VideoWriter binds, accepts and refuses what the original does."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from vrdata_child.patches.opencv import H264Writer
from vrdata_child.patches.writer_calls import bind

CODE = cv2.VideoWriter.fourcc(*"mp4v")
SIZE = (64, 48)
GREY = [cv2.VIDEOWRITER_PROP_IS_COLOR, 0]

# The arguments after the file name; each form that OpenCV documents, and what it refuses.
CALLS: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {
    "short": ((CODE, 10, SIZE), {}),
    "short, colour": ((CODE, 10.0, SIZE, True), {}),
    "short, grey": ((CODE, 10, SIZE, False), {}),
    "short, grey as a number": ((CODE, 10, SIZE, 0), {}),
    "short, grey of numpy": ((CODE, 10, SIZE, np.bool_(False)), {}),
    "short, colour None": ((CODE, 10, SIZE, None), {}),
    "short, grey by name": ((CODE, 10, SIZE), {"isColor": False}),
    "short, parameters": ((CODE, 10, SIZE, GREY), {}),
    "short, parameters in a tuple": ((CODE, 10, SIZE, tuple(GREY)), {}),
    "short, parameters in an array": ((CODE, 10, SIZE, np.array(GREY)), {}),
    "short, no parameters": ((CODE, 10, SIZE, []), {}),
    "short, parameters by name": ((CODE, 10, SIZE), {"params": GREY}),
    "short, key frames": ((CODE, 10, SIZE, [cv2.VIDEOWRITER_PROP_KEY_INTERVAL, 3]), {}),
    "short, unknown parameter": ((CODE, 10, SIZE, [999, 1]), {}),
    "short, quality": ((CODE, 10, SIZE, [cv2.VIDEOWRITER_PROP_QUALITY, 90]), {}),
    "short, names": ((), {"fourcc": CODE, "fps": 10, "frameSize": SIZE}),
    "short, names in another order": (
        (),
        {"frameSize": SIZE, "isColor": 0, "fps": 9, "fourcc": CODE},
    ),
    "long": ((cv2.CAP_FFMPEG, CODE, 10, SIZE), {}),
    "long, any backend": ((cv2.CAP_ANY, CODE, 10.0, SIZE), {}),
    "long, grey": ((cv2.CAP_FFMPEG, CODE, 10, SIZE, False), {}),
    "long, parameters": ((cv2.CAP_FFMPEG, CODE, 10, SIZE, GREY), {}),
    "long, names": (
        (),
        {"apiPreference": 0, "fourcc": CODE, "fps": 10, "frameSize": SIZE, "params": GREY},
    ),
    "size in a list": ((CODE, 10, list(SIZE)), {}),
    "size in an array": ((CODE, 10, np.array(SIZE)), {}),
    "size of numpy": ((CODE, 10, tuple(np.array(SIZE))), {}),
    "rate of numpy": ((CODE, np.float32(10), SIZE), {}),
    "code of numpy": ((np.int32(CODE), 10, SIZE), {}),
    "size of floats": ((CODE, 10, (64.0, 48.0)), {}),
    "size of three": ((CODE, 10, (64, 48, 3)), {}),
    "rate of text": ((CODE, "10", SIZE), {}),
    "code of text": (("mp4v", 10, SIZE), {}),
    "code of a float": ((float(CODE), 10, SIZE), {}),
    "colour of text": ((CODE, 10, SIZE, "no"), {}),
    "colour of a float": ((CODE, 10, SIZE, 1.0), {}),
    "too many": ((CODE, 10, SIZE, True, 1), {}),
    "too few": ((CODE, 10), {}),
    "nothing": ((), {}),
    "unknown name": ((CODE, 10), {"size": SIZE}),
    "given twice": ((CODE, 10, SIZE), {"fps": 10}),
    "rate 0": ((CODE, 0, SIZE), {}),
    "negative rate": ((CODE, -1, SIZE), {}),
    "rate that is no number": ((CODE, float("nan"), SIZE), {}),
    "slow": ((CODE, 0.5, SIZE), {}),
    "fraction": ((CODE, 30000 / 1001, SIZE), {}),
    "no size": ((CODE, 10, (0, 0)), {}),
    "negative size": ((CODE, 10, (-1, 48)), {}),
    "one pixel": ((CODE, 10, (1, 1)), {}),
    "unknown code": ((cv2.VideoWriter.fourcc(*"XXXX"), 10, SIZE), {}),
    "code of a dialogue": ((-1, 10, SIZE), {}),
}
COLOUR = np.full((48, 64, 3), (200, 30, 60), np.uint8)
FRAMES: dict[str, Any] = {
    "colour": COLOUR,
    "grey": COLOUR[:, :, 0],
    "grey of one channel": COLOUR[:, :, :1],
    "four channels": np.dstack([COLOUR, COLOUR[:, :, :1]]),
    "mirrored": COLOUR[:, ::-1],
    "of columns": np.asfortranarray(COLOUR),
    "unified memory": cv2.UMat(COLOUR),
    "another size": COLOUR[:20],
    "every second row": COLOUR[::2],
    "floats": COLOUR.astype(np.float32),
    "truth values": COLOUR.astype(bool),
    "signed": COLOUR.astype(np.int8),
    "nothing": None,
    "lists": COLOUR.tolist(),
    "text": "frame",
}


def outcome(act: Callable[[], Any]) -> Any:
    """What a call returns, or the type of what it raises."""
    try:
        return act()
    except Exception as error:  # noqa: BLE001 - the types are compared
        return type(error)


def written(
    kind: Any, path: Path, call: tuple[tuple[Any, ...], dict[str, Any]], frames: Sequence[Any]
) -> Any:
    """What a writer returns or raises, and the length and rate of its video."""
    arguments, named = call
    name = {"filename": str(path)} if not arguments else {}
    positional = (str(path), *arguments) if arguments else ()
    writer = outcome(lambda: kind(*positional, **name, **named))
    if isinstance(writer, type):
        return writer, path.exists()
    results = [writer.isOpened(), outcome(writer.getBackendName)]
    results += [outcome(lambda frame=frame: writer.write(frame)) for frame in frames]
    writer.release()
    video = cv2.VideoCapture(str(path))
    found = (int(video.get(cv2.CAP_PROP_FRAME_COUNT)), round(video.get(cv2.CAP_PROP_FPS), 1))
    return results, video.isOpened() and found


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_call_opens_what_it_opens_in_opencv(
    tmp_path: Path, call: tuple[tuple[Any, ...], dict[str, Any]]
) -> None:
    frames = [COLOUR, COLOUR[:, :, 0], COLOUR]
    original = written(cv2.VideoWriter, tmp_path / "original.mp4", call, frames)
    assert written(H264Writer, tmp_path / "own.mp4", call, frames) == original


@pytest.mark.parametrize("color", [True, False], ids=["colour", "grey"])
@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)
def test_a_frame_is_accepted_or_refused_as_in_opencv(
    tmp_path: Path, frame: Any, color: bool
) -> None:
    call: tuple[tuple[Any, ...], dict[str, Any]] = ((CODE, 10, SIZE, color), {})
    frames = [COLOUR if color else COLOUR[:, :, 0], frame]
    original = written(cv2.VideoWriter, tmp_path / "original.mp4", call, frames)
    assert written(H264Writer, tmp_path / "own.mp4", call, frames) == original


@pytest.mark.parametrize("color", [True, False], ids=["colour", "grey"])
def test_frames_have_the_pixels_that_opencv_gives_them(tmp_path: Path, color: bool) -> None:
    frame = COLOUR if color else COLOUR[:, :, 0]
    found = []
    for kind, name in ((cv2.VideoWriter, "original.mp4"), (H264Writer, "own.mp4")):
        writer = kind(str(tmp_path / name), CODE, 10, SIZE, color)
        writer.write(frame)
        writer.release()
        found.append(cv2.VideoCapture(str(tmp_path / name)).read()[1].astype(int))
    assert np.abs(found[0] - found[1]).max() <= 8


@pytest.mark.parametrize("name", ["nowhere/v.mp4", "", "folder.mp4"])
def test_a_file_that_cannot_be_written_is_not_open(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder.mp4").mkdir()
    path = str(tmp_path / name) if name else ""
    for kind in (cv2.VideoWriter, H264Writer):
        writer = kind(path, CODE, 10, SIZE)
        assert not writer.isOpened()
        writer.release()
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("as_type", [str, Path, os.fsencode])
def test_a_file_name_may_have_every_type_that_opencv_takes(
    tmp_path: Path, as_type: Callable[[str], Any]
) -> None:
    for kind in (cv2.VideoWriter, H264Writer):
        writer = kind(as_type(str(tmp_path / "v.mp4")), CODE, 10, SIZE)
        assert writer.isOpened()
        writer.release()


def test_a_writer_opens_and_closes_as_in_opencv(tmp_path: Path) -> None:
    lives = []
    for kind in (cv2.VideoWriter, H264Writer):
        path, again = (str(tmp_path / f"{kind.__name__}{n}.mp4") for n in (1, 2))
        writer = kind()
        new = [writer.isOpened(), writer.write(COLOUR), writer.release(), writer.get(1)]
        new += [writer.set(1, 5), outcome(writer.getBackendName)]
        opened = [writer.open(path, CODE, 10, SIZE), writer.getBackendName()]
        opened += [writer.get(number) for number in range(20)]
        opened += [writer.set(number, 1) for number in range(11)]
        opened += [writer.write(COLOUR), writer.write(image=COLOUR)]
        opened += [writer.open(again, 0, CODE, 10, SIZE, GREY), writer.write(COLOUR[:, :, 0])]
        ended = [writer.release(), writer.release(), writer.isOpened(), writer.write(COLOUR)]
        ended += [outcome(writer.getBackendName), writer.get(1), outcome(writer.open)]
        ended += [writer.open(str(tmp_path / "nowhere" / "v.mp4"), CODE, 10, SIZE)]
        counts = [cv2.VideoCapture(name).get(cv2.CAP_PROP_FRAME_COUNT) for name in (path, again)]
        lives.append((new, opened, ended, counts))
    assert lives[0] == lives[1]
    assert lives[1][3] == [2, 1]


@pytest.mark.parametrize(
    "letters", [("m", "p", "4", "v"), ("mp4v",), ("m", "p"), (1, 2, 3, 4), ("é", "a", "b", "c")]
)
def test_codes_are_those_of_opencv(letters: tuple[Any, ...]) -> None:
    expected = outcome(lambda: cv2.VideoWriter.fourcc(*letters))
    assert outcome(lambda: H264Writer.fourcc(*letters)) == expected


def test_a_writer_is_a_context_and_finishes_its_file_when_it_is_forgotten(tmp_path: Path) -> None:
    with H264Writer(str(tmp_path / "context.mp4"), CODE, 10, SIZE) as writer:
        writer.write(COLOUR)
    assert not writer.isOpened()
    writer = H264Writer(str(tmp_path / "forgotten.mp4"), CODE, 10, SIZE)
    writer.write(COLOUR)
    del writer
    for name in ("context.mp4", "forgotten.mp4"):
        assert cv2.VideoCapture(str(tmp_path / name)).read()[0]


def test_bound_arguments_have_their_meaning() -> None:
    call = bind(("v.avi", cv2.CAP_FFMPEG, CODE, 12.5, [64, 48], GREY), {})
    assert call is not None
    assert (call.path, call.api, call.code) == (Path("v.avi"), cv2.CAP_FFMPEG, "mp4v")
    assert (call.fps, call.size, call.color, call.plain) == (12.5, SIZE, False, True)
