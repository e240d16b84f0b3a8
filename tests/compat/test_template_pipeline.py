"""Scripts of the Template Data Pipeline run with another import, and get right answers."""

from __future__ import annotations

import inspect
import io
import logging
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from support.trees import write_tree
from vrdata.compat import template_pipeline
from vrdata.compat.template_pipeline import (
    convert_to_pil_image,
    load_from_path,
    numpy_to_pil,
    validate_task_data,
    validate_task_directory,
)

RED = Image.new("RGB", (4, 3), (255, 0, 0))


def png(image: Image.Image) -> bytes:
    """An encoded image."""
    body = io.BytesIO()
    image.save(body, "PNG")
    return body.getvalue()


def test_names_and_arguments_are_those_of_the_pipeline() -> None:
    expected = {
        "convert_to_pil_image": ["image_input", "mode"],
        "numpy_to_pil": ["arr", "mode"],
        "load_from_path": ["path", "mode"],
        "validate_task_data": ["first_frame", "prompt", "final_frame", "metadata"],
        "validate_task_directory": ["task_dir"],
    }
    for name, arguments in expected.items():
        signature = inspect.signature(getattr(template_pipeline, name))
        assert list(signature.parameters) == arguments


@pytest.mark.parametrize(
    "value",
    [
        RED,
        RED.convert("P"),
        RED.convert("RGBA"),
        np.asarray(RED),
        np.asarray(RED) / 255,
        np.asarray(RED).astype(np.uint16) * 257,
        png(RED),
        {"bytes": png(RED), "path": None},
    ],
    ids=["RGB", "P", "RGBA", "array", "floats", "uint16", "bytes", "dict"],
)
def test_every_form_of_an_image_becomes_rgb(value: Any) -> None:
    image = convert_to_pil_image(value)
    assert image is not None
    assert (image.mode, image.size, image.getpixel((0, 0))) == ("RGB", (4, 3), (255, 0, 0))


def test_a_path_becomes_rgb_and_its_file_is_closed(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png(RED))
    opened = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - a count is enough
    for value in (tmp_path / "a.png", str(tmp_path / "a.png")):
        for load in (convert_to_pil_image, load_from_path):
            image = load(value)
            assert image is not None
            assert image.tobytes() == RED.tobytes()
    assert len(os.listdir("/proc/self/fd")) == opened  # noqa: PTH208


@pytest.mark.parametrize(
    ("shape", "kind"),
    [((3, 4), "uint8"), ((3, 4, 1), "uint8"), ((3, 4, 3), "float32"), ((3, 4, 4), "uint8")],
)
def test_an_array_of_each_shape_becomes_rgb(shape: tuple[int, ...], kind: str) -> None:
    image = numpy_to_pil(np.ones(shape, kind))
    assert image is not None
    assert (image.mode, image.size) == ("RGB", (4, 3))


def test_another_mode_can_be_asked_for() -> None:
    image = convert_to_pil_image(RED, mode="L")
    assert image is not None
    assert (image.mode, image.getpixel((0, 0))) == ("L", 76)


@pytest.mark.parametrize(
    "value", [None, 7, "missing.png", b"not an image", np.zeros((0, 0, 3), "uint8"), np.zeros(5)]
)
def test_a_value_that_is_not_an_image_gives_none_and_a_reason(
    value: Any, caplog: pytest.LogCaptureFixture
) -> None:
    assert convert_to_pil_image(value) is None
    (record,) = caplog.records
    assert (record.levelno, record.message[:10]) == (logging.WARNING, "no image: ")


def test_a_damaged_file_gives_none(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png(RED)[:45])
    assert load_from_path(tmp_path / "a.png") is None
    assert load_from_path(tmp_path) is None
    assert numpy_to_pil("a.png") is None


def test_three_arguments_are_enough() -> None:
    assert validate_task_data(RED, "Solve it.", np.asarray(RED)) is True


@pytest.mark.parametrize(
    ("first", "prompt", "final", "why"),
    [
        (None, "x", RED, "first_frame"),
        (RED, "x", None, "final_frame"),
        (RED, "x", "missing.png", "final_frame"),
        (RED, " \n\u200b", RED, "prompt"),
        (RED, None, RED, "prompt"),
    ],
)
def test_invalid_data_is_false_with_the_reason(
    first: Any, prompt: Any, final: Any, why: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert validate_task_data(first, prompt, final) is False
    assert why in caplog.records[-1].message


def test_metadata_must_be_complete_if_there_is_any() -> None:
    whole = {"domain": "maze", "task_id": "maze_0000", "source": "hub"}
    assert validate_task_data(RED, "x", RED, whole)
    assert validate_task_data(RED, "x", RED, metadata=None)
    for key in whole:
        assert not validate_task_data(RED, "x", RED, whole | {key: ""})
    assert not validate_task_data(RED, "x", RED, {})


@pytest.fixture
def task(tmp_path: Path) -> Path:
    """A complete sample."""
    files = {"first_frame.png": png(RED), "final_frame.png": png(RED), "prompt.txt": b"Solve it."}
    return write_tree(tmp_path / "maze_task/maze_0000", files)


def test_a_complete_folder_is_valid(
    task: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert validate_task_directory(task) is True
    assert validate_task_directory(str(task)) is True
    monkeypatch.chdir(tmp_path)
    assert validate_task_directory("maze_task/maze_0000") is True
    assert validate_task_directory(task.rename(tmp_path / "elsewhere")) is True


@pytest.mark.parametrize("name", ["first_frame.png", "final_frame.png", "prompt.txt"])
@pytest.mark.parametrize("body", [None, b"", b"\x00"], ids=["missing", "empty", "damaged"])
def test_a_missing_empty_or_damaged_file_is_invalid(
    task: Path, name: str, body: bytes | None, caplog: pytest.LogCaptureFixture
) -> None:
    (task / name).unlink()
    if body is not None:
        (task / name).write_bytes(body)
    assert validate_task_directory(task) is False
    assert name in caplog.records[-1].message


def test_a_video_is_optional_and_must_be_playable(task: Path, tmp_path: Path) -> None:
    (task / "ground_truth.avi").write_bytes(b"RIFF")
    assert not validate_task_directory(task)


def test_a_folder_of_tasks_or_none_is_invalid(task: Path, tmp_path: Path) -> None:
    assert not validate_task_directory(task.parent)
    assert not validate_task_directory(tmp_path / "missing")
    assert not validate_task_directory(task / "prompt.txt")
