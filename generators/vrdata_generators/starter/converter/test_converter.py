"""Tests of the converter. Run `pytest` in this folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from vrdata_generators.api import Item
from vrdata_generators.checks import check_item
from vrdata_generators.registry import load_converter

CONVERTER = load_converter(Path(__file__).with_name("converter.py"))


def item(**change: Any) -> Item:
    """A row of the dataset."""
    row = {
        "id": "q1",
        "question": "Which square is red?",
        "image": Image.new("RGB", (64, 48), "white"),
        "solution": Image.new("RGB", (64, 48), "red"),
    }
    return Item(0, "test.parquet#0", row=row | change)


def test_a_row_becomes_a_sample() -> None:
    made = check_item(CONVERTER, item(), {"language": "de"})
    assert made.prompt == "Which square is red?"
    assert made.final.getpixel((0, 0)) == (255, 0, 0)
    assert made.metadata == {"id": "q1", "language": "de"}


def test_a_row_without_a_question_fails() -> None:
    with pytest.raises(ValueError, match="question is empty"):
        check_item(CONVERTER, item(question=""))
