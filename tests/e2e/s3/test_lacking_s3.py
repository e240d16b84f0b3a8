"""A whole run on S3 servers that lack a part of S3."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.cli import vrdata, write_run
from support.services.weak_s3 import Behaviour, WeakS3

pytestmark = pytest.mark.slow

REFUSED = (501, "NotImplemented")


@pytest.mark.smoke
def test_a_run_on_a_server_that_refuses_create_only_writes_and_checksums_warns_once(
    tmp_path: Path, weak_s3: WeakS3
) -> None:
    weak_s3.behaviour = Behaviour(
        create_only=True,
        keeps_metadata=False,
        ranges="ignored",
        old_listing=True,
        page=3,
        refused_headers={"if-none-match": REFUSED, "x-amz-checksum-": REFUSED},
        refused_requests={"HEAD": (405, "MethodNotAllowed")},
    )
    run = write_run(tmp_path / "run.yaml", {"O-sliding-tiles": 3}, block_size=1, shard_size=1)
    place = ("s3://bucket/x", "--endpoint", weak_s3.endpoint)
    first = vrdata("run", run, "--local", "--out", *place)
    assert first.code == 0, first.err
    assert first.err.count("refuses If-None-Match (501 NotImplemented)") == 1
    assert first.err.count("refuses x-amz-checksum-sha256") == 1
    again = vrdata("run", run, "--local", "--out", *place)
    assert again.code == 0, again.err
    assert "warning" not in again.err
    checked = vrdata("verify", *place, "-o", "json")
    assert checked.code == 0, checked.err
    local = vrdata("run", run, "--local", "--out", tmp_path / "out", "-o", "json")
    assert local.json["datasetHash"] == checked.json["datasetHash"]
