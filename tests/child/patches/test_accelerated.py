"""Faster library calls give what the original calls give, for all their arguments."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from vrdata_child.patches import accelerate, blending
from vrdata_child.patches.opencv import H264Writer
from vrdata_child.sample import media

RED, BLUE = Image.new("RGB", (32, 24), "red"), Image.new("RGB", (32, 24), "blue")
PARTLY = RED.copy()
PARTLY.paste((0, 200, 0), (4, 4, 12, 12))
RED.info["kept"] = "a fact"

BLENDS: dict[str, Callable[[], Image.Image]] = {
    "everything": lambda: Image.blend(RED, BLUE, 0.3),
    "a part": lambda: Image.blend(RED, PARTLY, 0.3),
    "names": lambda: Image.blend(alpha=0.7, im2=PARTLY, im1=RED),
    "nothing": lambda: Image.blend(RED, RED.copy(), 0.5),
    "the first": lambda: Image.blend(RED, PARTLY, 0.0),
    "the second": lambda: Image.blend(RED, PARTLY, 1),
    "beyond": lambda: Image.blend(RED, PARTLY, 1.5),
    "before": lambda: Image.blend(RED, PARTLY, -0.5),
    "of numpy": lambda: Image.blend(RED, PARTLY, float(np.float32(0.4))),
    "grey": lambda: Image.blend(RED.convert("L"), PARTLY.convert("L"), 0.25),
    "transparent": lambda: Image.blend(RED.convert("RGBA"), PARTLY.convert("RGBA"), 0.25),
    "indexed": lambda: Image.blend(RED.convert("P"), PARTLY.convert("P"), 0.25),
    "two modes": lambda: Image.blend(RED, PARTLY.convert("RGBA"), 0.25),
    "two sizes": lambda: Image.blend(RED, PARTLY.resize((8, 8)), 0.25),
    "text as alpha": lambda: Image.blend(RED, PARTLY, "0.5"),  # type: ignore[arg-type]
    "no picture": lambda: Image.blend(RED, None, 0.5),  # type: ignore[arg-type]
}


def outcome(act: Callable[[], Image.Image]) -> object:
    """The picture with its facts, or what is raised."""
    try:
        image = act()
    except Exception as error:  # noqa: BLE001 - compared below
        return error.__class__.__name__
    return image.mode, image.size, image.info, image.tobytes()


@pytest.mark.parametrize("act", BLENDS.values(), ids=BLENDS)
def test_images_are_blended_as_pillow_blends_them(
    act: Callable[[], Image.Image], monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = outcome(act)
    monkeypatch.setattr(Image, "blend", Image.blend)  # undone after the test
    blending.install()
    assert outcome(act) == expected


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
