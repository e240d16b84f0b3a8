"""The library functions of the Template Data Pipeline: `utils/images.py` and `utils/validator.py`.

Names and arguments are the same, so a script changes only its imports. Each function returns None
or False for what it cannot use, and logs the reason as a warning of this module's logger. What
differs is a fix: see docs/coming-from.md.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import Image

from vrdata.dataset.verify.sample.texts import has_visible_text
from vrdata.dataset.verify.tree import verify_tree
from vrdata.store.file.store import FileStore
from vrdata.store.port import StorageError
from vrdata_generators.images import as_rgb

REQUIRED = ("first_frame.png", "final_frame.png", "prompt.txt")
METADATA = ("domain", "task_id", "source")

_log = logging.getLogger(__name__)


def convert_to_pil_image(image_input: Any, mode: str = "RGB") -> Image.Image | None:
    """The image that a value holds, or None.

    Args:
        image_input: a Pillow image, a numpy array, encoded bytes, a path, or a dict
            {"bytes": …, "path": …} of Hugging Face datasets.
        mode: mode of the result; transparent parts become white first.
    """
    try:
        image = as_rgb(image_input)
        return image if image.mode == mode else image.convert(mode)
    except ValueError as error:
        _log.warning("no image: %s", error)
        return None


def numpy_to_pil(arr: Any, mode: str = "RGB") -> Image.Image | None:
    """The image of a numpy array, or None.

    Args:
        arr: height x width, with 1 to 4 channels or without: integers 0..255, uint16 (scaled),
            floats 0..1 or 0..255, or bool.
        mode: mode of the result.
    """
    if not hasattr(arr, "__array__"):
        _log.warning("no image: %s is not an array", type(arr).__name__)
        return None
    return convert_to_pil_image(arr, mode)


def load_from_path(path: str | os.PathLike[str], mode: str = "RGB") -> Image.Image | None:
    """The image of a file, or None if it is missing or damaged. The file is closed.

    Args:
        path: of the file.
        mode: mode of the result.
    """
    return convert_to_pil_image(Path(path), mode)


def validate_task_data(
    first_frame: Any, prompt: Any, final_frame: Any, metadata: Mapping[str, Any] | None = None
) -> bool:
    """Whether these are the parts of a task: two images, and a prompt with visible text.

    Args:
        first_frame: whatever `convert_to_pil_image` takes.
        prompt: the text of the task.
        final_frame: whatever `convert_to_pil_image` takes.
        metadata: if given, it must have `domain`, `task_id` and `source`.
    """
    if not isinstance(prompt, str) or not has_visible_text(prompt):
        return _refuse("the prompt has no visible text")
    for name, frame in (("first_frame", first_frame), ("final_frame", final_frame)):
        if convert_to_pil_image(frame) is None:
            return _refuse(f"{name} is not an image")
    if metadata is not None and (missing := [key for key in METADATA if not metadata.get(key)]):
        return _refuse(f"the metadata has no {', '.join(missing)}")
    return True


def validate_task_directory(task_dir: str | os.PathLike[str]) -> bool:
    """Whether a folder is a complete sample: both frames and the prompt, and every file is right.

    The files are checked as by `vrdata verify`: images and videos are decoded.

    Args:
        task_dir: `{domain}_task/{task_id}`, or any other folder.

    Raises:
        VrdataError: a package for decoding is not installed.
    """
    folder = Path(task_dir).absolute()
    missing = [name for name in REQUIRED if not (folder / name).is_file()]
    if missing:
        return _refuse(f"{folder} has no {', '.join(missing)}")
    try:
        report = verify_tree(FileStore(folder))
    except StorageError as error:
        return _refuse(f"{folder} cannot be read: {error.why}")
    for problem in report.problems:
        _refuse(f"{problem.where}: {problem.message}")
    return report.ok


def _refuse(why: str) -> bool:
    _log.warning("invalid: %s", why)
    return False
