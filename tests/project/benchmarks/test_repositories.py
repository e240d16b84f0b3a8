"""The benchmark of real repositories: its list, and the true frames that it compares with."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest

from benchmarks.repositories.__main__ import LIST
from benchmarks.repositories.videos import RECORD, Encoded
from vrdata_generators.adapter.source.locations import parse_list

FRAMES = 4
SCRIPT = """
import sys
import cv2
import numpy as np

path, frames = sys.argv[1], int(sys.argv[2])
writer = cv2.VideoWriter(path, cv2.VideoWriter.fourcc(*"mp4v"), 10, (32, 16))
for number in range(frames):
    writer.write(np.random.default_rng(number).integers(0, 256, (16, 32, 3), np.uint8))
    writer.write(np.zeros((8, 8, 3), np.uint8))  # OpenCV drops it
writer.release()
"""


def true_frames(folder: Path, video: Path, frames: int) -> Path:
    """Let a script write a video; the file of its true frames."""
    script = folder / "script.py"
    script.write_text(SCRIPT)
    subprocess.run(
        [sys.executable, RECORD, script, video, str(frames)],
        env=os.environ | {"FRAMES_FOLDER": str(folder)},
        check=True,
    )
    return folder / hashlib.sha256(video.read_bytes()).hexdigest()


def test_each_repository_of_the_list_has_a_commit() -> None:
    sources = parse_list(LIST.read_text())
    assert len({source.address for source in sources}) == len(sources)
    assert all(len(source.commit) == 40 for source in sources)


def test_the_true_frames_are_those_that_opencv_keeps(tmp_path: Path) -> None:
    true = true_frames(tmp_path, tmp_path / "video.mp4", FRAMES)
    with av.open(str(true)) as container:
        found = [frame.to_ndarray(format="bgr24") for frame in container.decode(video=0)]
    assert len(found) == FRAMES
    for number, frame in enumerate(found):
        drawn = np.random.default_rng(number).integers(0, 256, (16, 32, 3), np.uint8)
        assert np.array_equal(frame, drawn)


def test_a_video_without_one_of_the_true_frames_is_refused(tmp_path: Path) -> None:
    true = true_frames(tmp_path, tmp_path / "video.mp4", FRAMES)
    true_frames(tmp_path, tmp_path / "short.mp4", FRAMES - 1)
    encoded = Encoded()
    encoded.add(tmp_path / "video.mp4", true)
    assert encoded.values == FRAMES * 16 * 32 * 3
    assert encoded.psnr > 10
    with pytest.raises(ValueError, match="longer"):
        encoded.add(tmp_path / "short.mp4", true)
