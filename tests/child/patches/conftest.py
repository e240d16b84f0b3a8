"""Fixtures: patches that are undone after a test."""

from __future__ import annotations

import pytest
from PIL import Image

from vrdata_child.patches import redirect


@pytest.fixture
def redirected(monkeypatch: pytest.MonkeyPatch) -> None:
    """PNG files are redirected, as in a generator child without acceleration."""
    monkeypatch.setitem(Image.ENCODERS, "zip", redirect.png_encoder)
    monkeypatch.setattr(redirect, "_in_memory", False)


@pytest.fixture
def redirected_memory(redirected: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """PNG files and images in memory are redirected, as with acceleration."""
    monkeypatch.setattr(redirect, "_in_memory", True)
