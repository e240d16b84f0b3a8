"""Folders and stores to copy between."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from support.trees import write_tree


@pytest.fixture(
    params=["files", pytest.param("s3", marks=[pytest.mark.slow, pytest.mark.s3])],
)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty store of each kind."""
    if request.param == "files":
        return (tmp_path / "store").as_uri()
    bucket = request.getfixturevalue("s3").make_bucket(f"b-{uuid.uuid4().hex[:12]}")
    return f"s3://{bucket}/a/prefix"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A folder with files of several kinds."""
    files = {
        "index.json": b"{}",
        "empty": b"",
        "a/first_frame.png": b"\x89PNG" * 100,
        "a/b c/größe.txt": "grün".encode(),
        "a/ground_truth.mp4": bytes(range(256)) * 40_000,
        "a.b/deep/er/x.avi": b"RIFF",
    }
    return write_tree(tmp_path / "source", files)
