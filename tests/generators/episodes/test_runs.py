"""HDF5 files converted by a run on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from support.cli import called
from support.timeseries.hdf5 import action_times, write_franka

pytestmark = pytest.mark.slow


def write_run(folder: Path, shard_size: int) -> Path:
    run: dict[str, Any] = {
        "apiVersion": "vrdata.dev/v1alpha1",
        "kind": "GenerationRun",
        "metadata": {"name": "demo"},
        "spec": {
            "generators": [
                {
                    "name": "logs",
                    "converter": "M-hdf5-episodes",
                    "source": {"url": str(folder / "logs")},
                    "blockSize": 2,
                }
            ],
            "shardSize": shard_size,
            "output": {"format": "parquet"},
            "failurePolicy": {"maxFailedSamples": 1},
        },
    }
    path = folder / f"run{shard_size}.yaml"
    path.write_text(yaml.safe_dump(run))
    return path


def test_two_runs_give_equal_rows_and_drop_the_bad_file(tmp_path: Path) -> None:
    for number in range(7):
        text = f"Task {number}"
        without = ["right"] if number == 3 else ()
        write_franka(
            tmp_path / f"logs/{number}.h5", text=text, frames=3, seed=number, without=without
        )
    hashes = []
    for shard_size in (2, 6):
        run = write_run(tmp_path, shard_size)
        ran = called("run", run, "--local", "--out", tmp_path / f"out{shard_size}")
        assert ran.code == 4, ran.err
        assert "3.h5: right is missing: the file has hand, oakd_front_view" in ran.out
        verified = called("verify", tmp_path / f"out{shard_size}/default/demo", "-o", "json")
        assert verified.code == 0
        hashes.append(verified.json["datasetHash"])
    assert hashes[0] == hashes[1]
    files = sorted((tmp_path / "out2/default/demo/data/logs").iterdir())
    table = pa.concat_tables([pq.read_table(file) for file in files])
    assert table["text"].to_pylist() == [f"Task {number}" for number in (0, 1, 2, 4, 5, 6)]
    assert table["actions_timestamps"].to_pylist() == [action_times(30)] * 6
    assert all(one["bytes"] for one in table["video"].to_pylist())
