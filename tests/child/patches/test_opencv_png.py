"""cv2.imwrite and cv2.imencode in a generator child: as OpenCV, with vrdata's PNG bytes."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from vrdata_child.encoders.png_reading import read_png
from vrdata_child.patches import opencv_png

COLOURS = np.random.default_rng(3).integers(0, 256, (24, 32, 3)).astype(np.uint8)
GREY, CLEAR = COLOURS[:, :, 0].copy(), np.dstack([COLOURS, COLOURS[:, :, 0]])


def patch(monkeypatch: pytest.MonkeyPatch, *, in_memory: bool = True) -> None:
    """Patch OpenCV until the test ends."""
    monkeypatch.setattr(cv2, "imwrite", cv2.imwrite)
    monkeypatch.setattr(cv2, "imencode", cv2.imencode)
    opencv_png.install(lambda: in_memory)


@pytest.fixture
def patched(monkeypatch: pytest.MonkeyPatch) -> None:
    """OpenCV patched as with acceleration."""
    patch(monkeypatch)


@pytest.mark.usefixtures("patched")
@pytest.mark.parametrize("pixels", [GREY, GREY[:, :, None], COLOURS, CLEAR])
def test_usual_arrays_are_encoded_by_vrdata(tmp_path: Path, pixels: NDArray[np.uint8]) -> None:
    assert cv2.imwrite(str(tmp_path / "a.png"), pixels, [cv2.IMWRITE_PNG_COMPRESSION, 9]) is True
    written, (done, encoded) = (tmp_path / "a.png").read_bytes(), cv2.imencode(".png", pixels)
    assert done is True
    assert encoded.dtype == np.uint8
    assert encoded.flags.writeable
    assert encoded.tobytes() == written
    assert read_png(written) is not None
    found = cv2.imread(str(tmp_path / "a.png"), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(found, pixels.squeeze())


def test_images_in_memory_have_opencvs_bytes_without_acceleration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = cv2.imencode(".png", COLOURS)[1].tobytes()
    patch(monkeypatch, in_memory=False)
    assert cv2.imencode(".png", COLOURS)[1].tobytes() == expected
    cv2.imwrite(str(tmp_path / "a.png"), COLOURS)
    assert read_png((tmp_path / "a.png").read_bytes()) is not None


LEVEL = cv2.IMWRITE_PNG_COMPRESSION
WRITES: dict[str, Callable[[Path], Any]] = {
    "text": lambda at: cv2.imwrite(str(at / "a.png"), COLOURS),
    "path": lambda at: cv2.imwrite(at / "a.PNG", COLOURS),  # type: ignore[call-overload]
    "bytes": lambda at: cv2.imwrite(os.fsencode(at / "a.png"), COLOURS),  # type: ignore[call-overload]
    "names": lambda at: cv2.imwrite(filename=str(at / "a.png"), img=COLOURS, params=[LEVEL, 1]),
    "no settings": lambda at: cv2.imwrite(str(at / "a.png"), COLOURS, None),  # type: ignore[call-overload]
    "settings in an array": lambda at: cv2.imwrite(
        str(at / "a.png"), COLOURS, np.array([LEVEL, 1])
    ),
    "half a setting": lambda at: cv2.imwrite(str(at / "a.png"), COLOURS, [LEVEL]),
    "an unknown setting": lambda at: cv2.imwrite(str(at / "a.png"), COLOURS, [999, 1]),
    "a setting of the wrong type": lambda at: cv2.imwrite(str(at / "a.png"), COLOURS, [LEVEL, "1"]),  # type: ignore[call-overload]
    "too many arguments": lambda at: cv2.imwrite(str(at / "a.png"), COLOURS, [], 1),  # type: ignore[call-overload]
    "no image": lambda at: cv2.imwrite(str(at / "a.png")),  # type: ignore[call-overload]
    "a name twice": lambda at: cv2.imwrite(str(at / "a.png"), COLOURS, img=COLOURS),  # type: ignore[call-overload]
    "another name": lambda at: cv2.imwrite(str(at / "a.png"), image=COLOURS),  # type: ignore[call-overload]
    "black and white": lambda at: cv2.imwrite(
        str(at / "a.png"), GREY, [cv2.IMWRITE_PNG_BILEVEL, 1]
    ),
    "16 bits": lambda at: cv2.imwrite(str(at / "a.png"), COLOURS.astype(np.uint16) * 257),
    "fractions": lambda at: cv2.imwrite(str(at / "a.png"), COLOURS.astype(np.float32)),
    "truth values": lambda at: cv2.imwrite(str(at / "a.png"), GREY > 100),
    "reversed": lambda at: cv2.imwrite(str(at / "a.png"), COLOURS[::-1, :, ::-1]),
    "every second pixel": lambda at: cv2.imwrite(str(at / "a.png"), GREY[::2, 1::2]),
    "masked": lambda at: cv2.imwrite(str(at / "a.png"), np.ma.masked_less(GREY, 100)),
    "a list": lambda at: cv2.imwrite(str(at / "a.png"), COLOURS.tolist()),  # type: ignore[call-overload]
    "two channels": lambda at: cv2.imwrite(str(at / "a.png"), COLOURS[:, :, :2]),
    "no rows": lambda at: cv2.imwrite(str(at / "a.png"), COLOURS[:0]),
    "nothing": lambda at: cv2.imwrite(str(at / "a.png"), None),  # type: ignore[call-overload]
    "a number": lambda at: cv2.imwrite(str(at / "a.png"), 3),  # type: ignore[call-overload]
    "UMat": lambda at: cv2.imwrite(str(at / "a.png"), cv2.UMat(COLOURS)),
    "missing folder": lambda at: cv2.imwrite(str(at / "no" / "a.png"), COLOURS),
    "only a suffix": lambda at: cv2.imwrite(str(at / ".png"), COLOURS),
    "another format": lambda at: cv2.imwrite(str(at / "a.bmp"), COLOURS),
    "no suffix": lambda at: cv2.imwrite(str(at / "a"), COLOURS),
    "encode by name": lambda _: cv2.imencode(ext=".png", img=GREY)[0],
    "encode without a dot": lambda _: cv2.imencode("png", GREY)[0],
    "encode a file name": lambda _: cv2.imencode("a.png", GREY)[0],
    "encode another format": lambda _: cv2.imencode(".bmp", GREY)[1].tobytes(),
    "encode nothing": lambda _: cv2.imencode(".png", None)[0],  # type: ignore[call-overload]
}


def outcome(act: Callable[[Path], Any], folder: Path) -> tuple[Any, dict[str, Any]]:
    """What a call returns or raises, and the decoded files that it leaves."""
    folder.mkdir()
    try:
        result = act(folder)
    except Exception as error:  # noqa: BLE001 - the types are compared
        result = type(error)
    files = {}
    for path in folder.iterdir():
        data = np.frombuffer(path.read_bytes(), np.uint8)
        pixels = cv2.imdecode(data, cv2.IMREAD_UNCHANGED)
        files[path.name] = (pixels.dtype, pixels.tolist())
    return result, files


@pytest.mark.parametrize("act", WRITES.values(), ids=WRITES)
def test_calls_do_what_they_do_in_opencv(
    tmp_path: Path, act: Callable[[Path], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = outcome(act, tmp_path / "opencv")
    patch(monkeypatch)
    assert outcome(act, tmp_path / "own") == expected
