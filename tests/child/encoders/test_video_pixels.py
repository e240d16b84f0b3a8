"""Video frames are encoded from the pixels they were given, whatever happens to memory."""

from __future__ import annotations

import ctypes
import io
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from vrdata_child.encoders import h264
from vrdata_child.encoders.h264 import VideoEncoder
from vrdata_child.encoders.pixels import Packed

SIZE = 64


class Poisoned(Packed):
    """Pixels that are overwritten when nothing refers to them."""

    __slots__ = ("_data",)

    def __init__(self, image: Image.Image) -> None:
        super().__init__(image)
        pixels = ctypes.string_at(self.address, SIZE * SIZE * 4)
        self._data = ctypes.create_string_buffer(pixels)
        self.address = ctypes.addressof(self._data)
        MEMORY.append(self._data)

    def __del__(self) -> None:
        ctypes.memset(self.address, 0xFF, SIZE * SIZE * 4)


MEMORY: list[object] = []


def frames() -> list[Image.Image]:
    shades = np.linspace(0, 120, SIZE, dtype=np.uint8)
    rows = np.repeat(np.tile(shades, (SIZE, 1))[:, :, None], 3, axis=2)
    return [Image.fromarray(np.roll(rows, 8 * at, axis=1)) for at in range(4)]


def encode(path: Path) -> bytes:
    encoder = VideoEncoder(path, SIZE, SIZE, 8.0)
    for image in frames():
        encoder.add(image)
    encoder.close()
    return path.read_bytes()


def test_pixels_stay_in_memory_until_they_are_encoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = encode(tmp_path / "expected.mp4")
    monkeypatch.setattr(h264, "Packed", Poisoned)
    assert encode(tmp_path / "found.mp4") == expected


def test_decoded_frames_look_like_those_that_were_added(tmp_path: Path) -> None:
    with av.open(io.BytesIO(encode(tmp_path / "video.mp4")), "r", format="mp4") as container:
        decoded = [np.asarray(frame.to_image(), np.int16) for frame in container.decode(video=0)]
    assert len(decoded) == len(frames())
    for found, wanted in zip(decoded, frames(), strict=True):
        assert np.abs(found - np.asarray(wanted, np.int16)).mean() < 4
