"""Frames that are encoded directly give what the helper of a repository gives."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from vrdata_child.patches import accelerate
from vrdata_child.patches.opencv import H264Writer
from vrdata_child.sample import media

RED = Image.new("RGB", (32, 24), "red")
PARTLY = RED.copy()
PARTLY.paste((0, 200, 0), (4, 4, 12, 12))


class VideoGenerator:
    """The helper of generator repositories."""

    def __init__(self, fps: int = 12) -> None:
        self.fps = fps

    def create_video_from_frames(self, frames: Any, output_path: Any, size: Any = None) -> Path:
        """Write the frames with OpenCV."""
        width, height = size or frames[0].size
        code = cv2.VideoWriter.fourcc(*"mp4v")
        writer = H264Writer(str(output_path), code, self.fps, (width, height))
        for frame in frames:
            picture = frame.resize((width, height), Image.Resampling.LANCZOS).convert("RGB")
            writer.write(np.asarray(picture)[:, :, ::-1])
        writer.release()
        return Path(output_path)


@pytest.fixture
def helper(monkeypatch: pytest.MonkeyPatch) -> type:
    """The helper as a module of a repository has it."""
    kind = type("VideoGenerator", (VideoGenerator,), {})
    kind.create_video_from_frames = VideoGenerator.create_video_from_frames  # type: ignore[attr-defined]
    module = ModuleType("core.video_utils")
    module.VideoGenerator = kind  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "core.video_utils", module)
    monkeypatch.setattr(H264Writer, "hash_frames", True)
    return kind


def frames_of(path: Path) -> str:
    facts = media.video_facts.get(media.file_sha256(path))
    assert facts is not None
    return facts.frames_sha256


@pytest.mark.parametrize("size", [None, (16, 12), [16, 12]])
def test_frames_written_directly_have_the_hash_of_those_written_with_opencv(
    tmp_path: Path, helper: Any, size: Any
) -> None:
    plain = frames_of(
        helper().create_video_from_frames([RED, PARTLY], tmp_path / "plain.mp4", size)
    )
    accelerate._direct_video(hash_frames=True)
    path = helper().create_video_from_frames(
        output_path=tmp_path / "fast.mp4", frames=[RED, PARTLY], size=size
    )
    assert frames_of(path) == plain != ""


def test_another_rate_is_another_video(tmp_path: Path, helper: Any) -> None:
    accelerate._direct_video(hash_frames=True)
    paths = [
        helper(fps).create_video_from_frames([RED], tmp_path / f"{fps}.mp4") for fps in (12, 13)
    ]
    assert frames_of(paths[0]) != frames_of(paths[1])


def test_a_helper_with_other_parameters_is_not_replaced(helper: Any) -> None:
    def own(self: Any, frames: Any, output_path: Any, *, fps: int = 10) -> None: ...

    helper.create_video_from_frames = own
    accelerate._direct_video(hash_frames=False)
    assert helper.create_video_from_frames is own
    sys.modules["core.video_utils"] = SimpleNamespace()  # type: ignore[assignment]
    accelerate._direct_video(hash_frames=False)
