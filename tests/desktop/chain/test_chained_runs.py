"""The stages of desktop recordings as runs: equal rows in folders and buckets, and by commands."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import datasets
import pytest

from support.cli import called, vrdata
from support.desktop.chain import OPTIONS, STAGES, rows_of, stage_spec, write_recordings
from support.services.s3server import S3Server

pytestmark = pytest.mark.slow

RECORDINGS = 7


@dataclass(frozen=True)
class Chain:
    """The finished runs of all stages.

    Attributes:
        recordings: folder of the recordings.
        root: folder of the runs.
        hashes: their dataset hashes.
    """

    recordings: Path
    root: Path
    hashes: dict[str, str]


def run_stages(folder: Path, recordings: str, root: str) -> dict[str, str]:
    """Run the stages one after the other; returns their dataset hashes."""
    hashes, url = {}, recordings
    for stage in STAGES:
        path = folder / f"{stage}.yaml"
        run = {"apiVersion": "vrdata.dev/v1alpha1", "kind": "GenerationRun"}
        spec = stage_spec(stage, url) | {"failurePolicy": {"maxFailedSamples": 1}}
        path.write_text(json.dumps(run | {"metadata": {"name": stage}, "spec": spec}))
        done = vrdata("run", path, "--local", "--out", root, "-o", "json")
        failed = stage == STAGES[0]  # one file is not a recording
        assert done.code == (4 if failed else 0), done.err
        hashes[stage] = done.json["datasetHash"]
        url = f"{root}/default/{stage}"
    return hashes


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Chain:
    """Of the recordings, one is cut, one has no event, and one is something else."""
    folder = tmp_path_factory.mktemp("chain")
    recordings = write_recordings(folder / "recordings", RECORDINGS)
    whole = (recordings / "03.mcap").read_bytes()
    (recordings / "03.mcap").write_bytes(whole[: len(whole) * 2 // 3])
    (recordings / "04.mcap").write_bytes(b"something else")
    hashes = run_stages(folder, str(recordings), str(folder / "out"))
    return Chain(recordings, folder / "out/default", hashes)


@pytest.fixture(scope="module")
def commands(chain: Chain, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the commands write for the same recordings, without the one that cannot be read."""
    folder = tmp_path_factory.mktemp("commands")
    shutil.copytree(chain.recordings, folder / "recordings")
    (folder / "recordings/04.mcap").unlink()
    source = folder / "recordings"
    for stage in STAGES:
        given = "--train_dir" if stage == STAGES[0] else "--input_dir"
        done = called("desktop", stage, given, source, "--output_dir", folder / stage,
                      *OPTIONS[stage])  # fmt: skip
        assert done.code == (4 if stage == STAGES[0] else 0), done.err
        source = folder / stage
    return folder


@pytest.mark.smoke
@pytest.mark.parametrize("stage", STAGES)
def test_the_dataset_of_a_run_is_the_one_of_the_command(
    chain: Chain, commands: Path, tmp_path: Path, stage: str
) -> None:
    out = tmp_path / stage
    done = called("desktop", "from-run", chain.root / stage, "--output_dir", out,
                  "--recordings", commands / "recordings")  # fmt: skip
    assert done.code == 4, "a part of a recording is lost"
    assert f"lost: {commands}/recordings/03.mcap: bytes " in done.err
    assert f"missing: {commands}/recordings/06.mkv: " in done.err
    found, expected = rows_of(out, stage), rows_of(commands / stage, stage)
    assert list(found) == list(expected) == ["train", "test"]
    for split, table in expected.items():
        assert table.num_rows
        assert found[split].equals(table, check_metadata=True)
    lines = (out / "recordings.jsonl").read_bytes()
    assert lines == (commands / stage / "recordings.jsonl").read_bytes()
    loaded = datasets.load_from_disk(str(out))
    assert {name: split.num_rows for name, split in loaded.items()} == {
        name: table.num_rows for name, table in expected.items()
    }


def test_without_their_folder_recordings_have_the_names_of_the_source(
    chain: Chain, tmp_path: Path
) -> None:
    done = called("desktop", "from-run", chain.root / "bins", "--output_dir", tmp_path / "bins")
    assert "missing" not in done.err, "where videos are is not known"
    tables = rows_of(tmp_path / "bins", "bins").values()
    names = {name for table in tables for name in table["file_path"].to_pylist()}
    assert names == {f"{one:02d}.mcap" for one in range(RECORDINGS) if one != 4}


def test_a_file_that_is_not_a_recording_is_a_failed_item(chain: Chain) -> None:
    summary = json.loads((chain.root / "events/dataset.json").read_bytes())
    (group,) = summary["failureGroups"]
    assert group["message"].startswith("04.mcap: 04.mcap is not a recording")


@pytest.mark.s3
def test_the_stages_in_a_bucket_have_the_hashes_of_those_in_a_folder(
    chain: Chain, tmp_path: Path, s3: S3Server
) -> None:
    bucket = s3.make_bucket("chained")
    shutil.copytree(chain.recordings, s3.folder / bucket / "recordings")
    hashes = run_stages(tmp_path, f"s3://{bucket}/recordings", f"s3://{bucket}/runs")
    assert hashes == chain.hashes
    run = f"s3://{bucket}/runs/default/sequences"
    assert called("desktop", "from-run", run, "--output_dir", tmp_path / "out").code == 4
    assert sum(table.num_rows for table in rows_of(tmp_path / "out", "sequences").values())


def test_a_changed_row_is_found(chain: Chain, tmp_path: Path) -> None:
    copy = shutil.copytree(chain.root / "sequences", tmp_path / "sequences")
    first = min((copy / "data/sequences").iterdir())
    body = bytearray(first.read_bytes())
    body[len(body) // 2] ^= 1
    first.write_bytes(body)
    done = called("desktop", "from-run", copy, "--output_dir", tmp_path / "out")
    assert done.code == 1, done.out
    assert "data/sequences" in done.err
    assert not (tmp_path / "out").exists()


def test_a_run_of_something_else_is_refused(chain: Chain, tmp_path: Path) -> None:
    copy = tmp_path / "events"
    shutil.copytree(chain.root / "events", copy)
    plan = json.loads((copy / "_vrdata/plan.json").read_bytes())
    plan["generators"][0]["converter"] = "M-import"
    (copy / "_vrdata/plan.json").write_text(json.dumps(plan))
    done = called("desktop", "from-run", copy, "--output_dir", tmp_path / "out")
    assert done.code == 3
    assert "not a run of a stage of desktop recordings" in done.err
