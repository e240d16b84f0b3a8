"""Replace slow library calls of generator repositories by faster ones with equal pixels.

Only pure functions of their arguments are replaced. `vrdata generators add` generates a block
with and without them, and enables them only if all decoded images and frames are equal.
"""

from __future__ import annotations

import functools
import inspect
import sys
from pathlib import Path
from typing import Any

from PIL import Image

from vrdata_child.encoders.h264 import VideoEncoder
from vrdata_child.patches import redirect
from vrdata_child.patches.pillow import blending, conversion, polygons
from vrdata_child.patches.text import fonts, identity, masks
from vrdata_child.sample.media import finish_video


def install_acceleration(video: str, *, hash_frames: bool = False) -> None:
    """Patch this process, after the repository is imported.

    Args:
        video: frames go straight to the encoder in mode `h264`.
        hash_frames: as `redirect.install`.
    """
    identity.install()
    fonts.install()
    masks.install()
    blending.install()
    conversion.install()
    polygons.install()
    redirect.redirect_memory()
    if video == "h264":
        _direct_video(hash_frames)


def _direct_video(hash_frames: bool) -> None:
    """Encode frames directly, without the conversion to BGR in the repositories' video helper."""
    generator = getattr(sys.modules.get("core.video_utils"), "VideoGenerator", None)
    original = getattr(generator, "create_video_from_frames", None)
    if original is None or _parameters(original) != ["self", "frames", "output_path", "size"]:
        return

    def create_video_from_frames(
        self: Any, frames: Any, output_path: Any, size: Any = None
    ) -> Path:
        known = isinstance(frames, list) and all(isinstance(frame, Image.Image) for frame in frames)
        if not frames or not known or not hasattr(self, "fps"):
            return original(self, frames, output_path, size)  # type: ignore[no-any-return]
        target = Path(output_path).with_suffix(getattr(self, "extension", ".mp4"))
        target.parent.mkdir(parents=True, exist_ok=True)
        wanted = width, height = tuple(size or frames[0].size)
        encoder = VideoEncoder(target, width, height, self.fps, hash_frames=hash_frames)
        for frame in frames:
            if frame.size != wanted:
                frame = frame.resize(wanted, Image.Resampling.LANCZOS)  # noqa: PLW2901
            encoder.add(frame)
        finish_video(encoder, target)
        return target

    functools.update_wrapper(create_video_from_frames, original)
    generator.create_video_from_frames = create_video_from_frames  # type: ignore[union-attr]


def _parameters(function: Any) -> list[str]:
    try:
        return list(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return []
