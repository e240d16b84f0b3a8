"""Stores to test: a folder, and a bucket of a real S3 server."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.s3server import s3, s3_server  # noqa: F401 - fixtures
from support.weak_s3 import WeakS3, running_weak_s3
from vrdata.store.opening import open_store
from vrdata.store.port import ObjectStore


@pytest.fixture(
    params=["files", pytest.param("s3", marks=[pytest.mark.slow, pytest.mark.s3])],
)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    """An empty store of each kind; the bucket's one lies below a prefix."""
    if request.param == "files":
        return open_store(str(tmp_path / "root"))
    bucket = request.getfixturevalue("s3").make_bucket(f"b-{uuid.uuid4().hex[:12]}")
    return open_store(f"s3://{bucket}/some/prefix")


@pytest.fixture
def weak_s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[WeakS3]:
    """A server that ignores If-None-Match; this process's AWS variables allow to use it."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "any")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "any")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    with running_weak_s3() as server:
        yield server
