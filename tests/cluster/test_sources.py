"""Converters and pipelines on the node: the bytes of the laptop, and only allowed sources.

The pipeline has a place that is staged, one that is unpacked, and one that is read by ranges.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from support.cli import vrdata
from support.cluster.installation import Installation
from support.cluster.runs import Run, allow_source, run_object, start_run
from support.datasets.puzzles import puzzle_table
from support.desktop.chain import STAGES, rows_of, stage_spec, write_recordings
from support.pipelines import ranged
from support.timeseries.hdf5 import write_franka
from vrdata.dataset import layout
from vrdata.store.opening import open_store

pytestmark = pytest.mark.cluster

ITEMS = 20
PICTURES, SHARD = 12, 4
FILES = 22
RECORDINGS = 8  # in shards of three


@pytest.fixture(scope="module")
def source(installed: Installation, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A table of puzzles in the bucket, and a profile `imports` that allows its folder."""
    body = puzzle_table(tmp_path_factory.mktemp("table") / "set.parquet", ITEMS).read_bytes()
    root = f"s3://{installed.bucket.name}/raw/puzzles"
    digest = hashlib.sha256(body).hexdigest()
    assert open_store(root).put_new("set.parquet", body, sha256=digest)
    allow_source(installed, "imports", root)
    return f"{root}/set.parquet"


def spec_of(url: str, converter: str = "M-import") -> dict[str, Any]:
    generator = {"name": "puzzles", "converter": converter, "source": {"url": url}}
    return {"profile": "imports", "parallelism": 2, "shardSize": 10, "generators": [generator]}


@pytest.fixture(scope="module")
def run(installed: Installation, source: str) -> Run:
    """A finished import."""
    started = start_run(installed, installed.namespace("imports"), "demo", spec_of(source))
    started.wait("Finished")
    return started


def test_an_import_succeeds_with_every_item_of_its_source(run: Run) -> None:
    status = run.status()
    assert status["phase"] == "Succeeded", json.dumps(status, indent=1)
    assert status["samples"] == {"desired": ITEMS, "succeeded": ITEMS, "failed": 0}
    tasks = [job["metadata"]["labels"]["vrdata.dev/task"] for job in run.jobs()]
    assert sorted(set(tasks)) == ["finalise", "resolve", "shard"]
    assert tasks.count("resolve") == 1


def test_its_data_equals_that_of_the_same_import_on_this_machine(run: Run, tmp_path: Path) -> None:
    url = run.get()["spec"]["generators"][0]["source"]["url"]
    path = tmp_path / "run.yaml"
    path.write_text(json.dumps(run_object("demo", run.namespace, spec_of(url))))
    local = vrdata("run", path, "--local", "--out", tmp_path / "out", "-o", "json")
    assert local.code == 0, local.err
    checked = run.verify()
    assert checked["samples"] == ITEMS
    assert local.json["datasetHash"] == checked["datasetHash"] == run.status()["datasetHash"]


def test_a_list_of_items_that_is_deleted_during_a_run_is_restored(
    run: Run, installed: Installation
) -> None:
    spec = run.get()["spec"]
    again = start_run(installed, run.namespace, "again", spec | {"suspend": True})
    again.wait_reason("Accepted", "Planned")
    again.store().delete(layout.items_key("puzzles"))
    again.patch({"suspend": False})
    again.wait("Finished")
    assert again.status()["phase"] == "Succeeded", json.dumps(again.status(), indent=1)
    assert again.status()["samples"]["succeeded"] == ITEMS


@pytest.mark.parametrize(("url", "profile"), [("-evil", "imports"), ("", "default")])
def test_a_source_that_the_profile_does_not_allow_has_a_condition_and_no_job(
    installed: Installation, source: str, url: str, profile: str
) -> None:
    namespace = installed.namespace(f"refused-{profile}")
    name = source.replace("/puzzles/", f"/puzzles{url}/")
    refused = start_run(installed, namespace, "demo", spec_of(name) | {"profile": profile})
    message = refused.wait_reason("Accepted", "SourceNotAllowed")
    assert name in message
    assert "sources.allowed" in message
    assert refused.jobs() == []


def test_a_converter_that_tries_the_network_is_refused_and_named(
    installed: Installation, source: str
) -> None:
    namespace = installed.namespace("curious")
    curious = start_run(installed, namespace, "demo", spec_of(source, "M-curious"))
    curious.wait("Finished")
    status = curious.status()
    assert curious.condition("Succeeded")["status"] == "False", json.dumps(status, indent=1)
    (failure,) = status["failures"]
    assert failure["generator"] == "puzzles"
    assert "Network is unreachable" in failure["message"], failure
    assert status["samples"]["succeeded"] == 0


@pytest.fixture(scope="module")
def data(installed: Installation, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Raw data in the bucket, and a profile `pipelines` that allows it."""
    made = ranged.write_data(tmp_path_factory.mktemp("tints") / "data", PICTURES)
    shutil.copytree(made, installed.bucket.folder / "raw" / "tints")
    root = f"s3://{installed.bucket.name}/raw/tints"
    allow_source(installed, "pipelines", root)
    return root


def pipeline_spec(url: str) -> dict[str, Any]:
    places = [{"place": one["place"], "url": one["url"]} for one in ranged.sources(url)]
    generator = {"name": "M-tint", "samples": PICTURES, "blockSize": 2, "sources": places}
    spec = {"profile": "pipelines", "parallelism": 2, "shardSize": SHARD}
    return spec | {"generators": [generator]}


@pytest.fixture(scope="module")
def pipeline(installed: Installation, data: str) -> Run:
    """A finished run."""
    started = start_run(installed, installed.namespace("pipelines"), "demo", pipeline_spec(data))
    started.wait("Finished")
    return started


def test_a_pipeline_converts_every_item_in_slices(pipeline: Run) -> None:
    status = pipeline.status()
    assert status["phase"] == "Succeeded", json.dumps(status, indent=1)
    assert status["samples"] == {"desired": PICTURES, "succeeded": PICTURES, "failed": 0}
    assert status["shards"]["succeeded"] == PICTURES // SHARD
    tasks = [job["metadata"]["labels"]["vrdata.dev/task"] for job in pipeline.jobs()]
    assert tasks.count("resolve") == 1


def test_samples_of_a_pipeline_equal_those_of_the_same_run_on_this_machine(
    pipeline: Run, data: str, tmp_path: Path
) -> None:
    home = ("--home", tmp_path / "home")
    ranged.write_repository(tmp_path / "M-tint")
    (tmp_path / "sources.yaml").write_text(json.dumps(ranged.sources(data)))
    declared = ("--sources", tmp_path / "sources.yaml")
    added = vrdata("generators", "add", tmp_path / "M-tint", *declared, *home)
    assert added.code == 0, added.err
    path = tmp_path / "run.yaml"
    path.write_text(json.dumps(run_object("demo", pipeline.namespace, pipeline_spec(data))))
    generators = ("--generators", tmp_path / "home")
    out = tmp_path / "out"
    local = vrdata("run", path, "--local", "--out", out, *generators, "-o", "json")
    assert local.code == 0, local.err
    checked = pipeline.verify()
    assert checked["samples"] == PICTURES
    assert local.json["datasetHash"] == checked["datasetHash"] == pipeline.status()["datasetHash"]


def test_a_source_in_the_folder_of_the_images_build_is_refused(
    installed: Installation, data: str
) -> None:
    spec = pipeline_spec(data)
    spec["generators"][0]["sources"].pop()
    namespace = installed.namespace("image-source")
    refused = start_run(installed, namespace, "demo", spec)
    message = refused.wait_reason("Accepted", "SourceNotAllowed")
    assert ranged.ARCHIVE in message
    assert "Copy the data to a bucket or to the Hub" in message


def test_hdf5_files_become_the_rows_of_the_laptop(installed: Installation, tmp_path: Path) -> None:
    for number in range(FILES):
        path = installed.bucket.folder / f"raw/logs/{number:02d}.h5"
        write_franka(path, text=f"Task {number}", frames=3, seed=number)
    root = f"s3://{installed.bucket.name}/raw/logs"
    allow_source(installed, "logs", root)
    generator = {"name": "logs", "converter": "M-hdf5-episodes", "source": {"url": root}}
    spec = {"profile": "logs", "parallelism": 2, "shardSize": 10, "generators": [generator]}
    spec["output"] = {"format": "parquet"}
    started = start_run(installed, installed.namespace("logs"), "demo", spec)
    started.wait("Finished")
    status = started.status()
    assert status["phase"] == "Succeeded", json.dumps(status, indent=1)
    assert status["samples"]["succeeded"] == FILES
    path = tmp_path / "run.yaml"
    path.write_text(json.dumps(run_object("demo", started.namespace, spec)))
    local = vrdata("run", path, "--local", "--out", tmp_path / "out", "-o", "json")
    assert local.code == 0, local.err
    checked = started.verify()
    assert local.json["datasetHash"] == checked["datasetHash"] == status["datasetHash"]


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
            installed, namespace, stage, stage_spec(stage, on_node, shard_size=3) | spec
        )
        started.wait("Finished")
        status = started.status()
        assert status["phase"] == "Succeeded", json.dumps(status, indent=1)
        assert status["samples"] == {"desired": RECORDINGS, "succeeded": RECORDINGS, "failed": 0}
        assert status["shards"]["succeeded"] == -(-RECORDINGS // 3)
        path = tmp_path / f"{stage}.yaml"
        local_spec = stage_spec(stage, on_laptop, shard_size=3)
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
