"""Stores to test: a folder, and a bucket of a real S3 server."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from vrdata.store.opening import open_store
from vrdata.store.port import ObjectStore


@pytest.fixture(
    params=[
        "files",
        pytest.param("s3", marks=[pytest.mark.slow, pytest.mark.s3, pytest.mark.smoke]),
    ],
)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    """An empty store of each kind; the bucket's one lies below a prefix."""
    if request.param == "files":
        return open_store(str(tmp_path / "root"))
    bucket = request.getfixturevalue("s3").make_bucket(f"b-{uuid.uuid4().hex[:12]}")
    return open_store(f"s3://{bucket}/some/prefix")
