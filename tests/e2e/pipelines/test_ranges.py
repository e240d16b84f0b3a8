"""An archive in a bucket that is read by ranges: a real S3 server, and boto3 in the child."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from support.cli import vrdata
from support.pipelines import ranged
from support.services.s3server import S3Server
from vrdata_worker.staging.whole.ranges.chunks import CHUNK

pytestmark = pytest.mark.slow

PICTURES = 6
MIB = 2**20


def test_boto3_reads_an_archive_of_a_bucket_by_ranges_and_the_rest_is_not_fetched(
    s3: S3Server, tmp_path: Path
) -> None:
    bucket = s3.make_bucket("ranged")
    data = ranged.write_data(tmp_path / "data", PICTURES, between=4 * CHUNK)
    shutil.copytree(data, s3.folder / bucket / "set")
    (tmp_path / "sources.yaml").write_text(
        json.dumps(ranged.sources(f"s3://{bucket}/set", ranged.S3))
    )
    ranged.write_repository(tmp_path / "repository", boto3=True)
    home = {"cwd": tmp_path, "VRDATA_GENERATORS": str(tmp_path / "home")}
    add = ("generators", "add", "repository", "--name", "M-tint", "--sources", "sources.yaml")
    added = vrdata(*add, **home)
    assert "converts raw data in slices" in added.out, added.err
    spec = {"shardSize": 3, "generators": [{"name": "M-tint", "blockSize": 3}]}
    about = {"apiVersion": "vrdata.dev/v1alpha1", "kind": "GenerationRun"}
    run = {**about, "metadata": {"name": "tint"}, "spec": spec}
    (tmp_path / "run.json").write_text(json.dumps(run))
    done = vrdata("run", "run.json", "--local", "--out", "out", **home)
    assert done.code == 0, done.err
    fetched = re.findall(r"fetched ([\d.]+) MiB of ([\d.]+) MiB of tints, by ranges", done.err)
    chunks = PICTURES + len(fetched)  # one for each picture, and each worker reads the directory
    assert fetched, done.err
    assert 0 < sum(float(some) for some, _ in fetched) <= chunks * CHUNK / MIB
    assert {float(whole) for _, whole in fetched} == {PICTURES * 4 * CHUNK / MIB}
