"""What the stand-in for cv2.VideoWriter encodes itself, and what it leaves to OpenCV."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from vrdata_child.patches.opencv import H264Writer
from vrdata_child.sample import media

CODE = cv2.VideoWriter.fourcc(*"mp4v")
SIZE = (64, 48)
COLOUR = np.full((48, 64, 3), (200, 30, 60), np.uint8)


@pytest.mark.parametrize(
    ("name", "code"),
    [("v.avi", "FFV1"), ("v.mkv", "FFV1"), ("v.avi", "HFYU"), ("v.mov", "png "), ("v.avi", None)],
)
def test_lossless_videos_can_be_read_back_without_loss(
    tmp_path: Path, name: str, code: str | None
) -> None:
    frame = np.random.default_rng(1).integers(0, 256, (48, 64, 3), np.uint8)
    found = []
    for kind in (cv2.VideoWriter, H264Writer):
        path = str(tmp_path / f"{kind.__name__}-{name}")
        writer = kind(path, cv2.VideoWriter.fourcc(*code) if code else 0, 10, SIZE)
        assert writer.isOpened()
        writer.write(frame)
        writer.release()
        found.append(cv2.VideoCapture(path).read()[1])
    assert np.array_equal(found[0], found[1])


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("s_%03d.png", (0, 0, SIZE)),
        ("s_%03d.png", (cv2.CAP_IMAGES, 0, 0, SIZE)),
        ("s_000.png", (0, 0, SIZE)),
    ],
)
def test_sequences_of_images_are_written_by_opencv(
    tmp_path: Path, name: str, arguments: tuple[Any, ...]
) -> None:
    bodies = []
    for kind, folder in ((cv2.VideoWriter, "original"), (H264Writer, "own")):
        (tmp_path / folder).mkdir()
        writer = kind(str(tmp_path / folder / name), *arguments)
        for shade in (0, 1):
            writer.write(COLOUR + np.uint8(shade))
        writer.release()
        files = sorted((tmp_path / folder).iterdir())
        bodies.append([(file.name, file.read_bytes()) for file in files])
    assert bodies[0] == bodies[1]
    assert bodies[0]


@pytest.mark.parametrize("code", ["avc1", "H264", "XVID", "MJPG", "VP80"])
def test_codecs_with_loss_are_written_as_h264(tmp_path: Path, code: str) -> None:
    path = tmp_path / "v.mp4"
    writer = H264Writer(str(path), cv2.VideoWriter.fourcc(*code), 10, SIZE)
    writer.write(COLOUR)
    writer.release()
    facts = media.video_facts.get(media.file_sha256(path))
    assert facts is not None
    assert facts.encoder.startswith("x264")


def test_dropped_frames_are_noted(tmp_path: Path) -> None:
    path = tmp_path / "v.mp4"
    writer = H264Writer(str(path), CODE, 10, SIZE)
    for frame in (COLOUR, COLOUR[:20], COLOUR[:, :, 0]):
        writer.write(frame)
    writer.release()
    facts = media.video_facts.get(media.file_sha256(path))
    assert facts is not None
    assert facts.frames == 1
    assert "dropped 2 of 3 frames" in facts.notes[0]
