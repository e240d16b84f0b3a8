"""The stages of desktop recordings on the node, chained through the bucket: the laptop's hashes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from support.cli import vrdata
from support.cluster.installation import Installation
from support.cluster.runs import allow_source, run_object, start_run
from support.desktop.chain import STAGES, rows_of, stage_spec, write_recordings

pytestmark = pytest.mark.cluster

RECORDINGS, SHARD = 8, 3


def test_three_chained_stages_have_the_hashes_of_those_on_the_laptop(
    installed: Installation, tmp_path: Path
) -> None:
    namespace = installed.namespace("desktop")
    bucket = installed.bucket
    write_recordings(bucket.folder / "raw/recordings", RECORDINGS)
    recordings = f"s3://{bucket.name}/raw/recordings"
    runs = f"s3://{bucket.name}/runs/{namespace}"
    allow_source(installed, "desktop", recordings, runs)
    on_node, on_laptop = recordings, recordings
    for stage in STAGES:
        spec = {"profile": "desktop", "parallelism": 2}
        started = start_run(
            installed, namespace, stage, stage_spec(stage, on_node, shard_size=SHARD) | spec
        )
        started.wait("Finished")
        status = started.status()
        assert status["phase"] == "Succeeded", json.dumps(status, indent=1)
        assert status["samples"] == {"desired": RECORDINGS, "succeeded": RECORDINGS, "failed": 0}
        assert status["shards"]["succeeded"] == -(-RECORDINGS // SHARD)
        path = tmp_path / f"{stage}.yaml"
        local_spec = stage_spec(stage, on_laptop, shard_size=SHARD)
        path.write_text(json.dumps(run_object(stage, namespace, local_spec)))
        local = vrdata("run", path, "--local", "--out", tmp_path / "out", "-o", "json")
        assert local.code == 0, local.err
        checked = started.verify()
        assert local.json["datasetHash"] == checked["datasetHash"] == status["datasetHash"]
        on_node, on_laptop = f"{runs}/{stage}", str(tmp_path / "out" / namespace / stage)
    for name, run in (("node", on_node), ("laptop", on_laptop)):
        done = vrdata("desktop", "from-run", run, "--output_dir", tmp_path / name)
        assert done.code == 0, done.err
    assert rows_of(tmp_path / "node", "sequences") == rows_of(tmp_path / "laptop", "sequences")
