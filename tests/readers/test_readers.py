"""Readers that others wrote accept the output: one sample for each key, with all its files."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from PIL import Image

from support.cli import vrdata, write_run

pytestmark = pytest.mark.slow

SAMPLES = {"O-maze": 12, "G-pendulum": 7}
FIELDS = {"first_frame.png", "final_frame.png", "prompt.txt", "metadata.json", "ground_truth.mp4"}


def make(folder: Path, output_format: str) -> Path:
    run = write_run(folder / "run.yaml", SAMPLES, shard_size=5, output_format=output_format)
    ran = vrdata("run", run, "--local", "--out", folder / "out")
    assert ran.code == 0, ran.err
    return folder / "out" / "default" / "demo"


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("readers"), "webdataset")


def expected_keys() -> list[str]:
    return sorted(f"{name}-{index:08d}" for name, n in SAMPLES.items() for index in range(n))


@pytest.mark.filterwarnings("ignore")  # of the library's own imports
def test_webdataset_reads_one_sample_for_each_key(dataset: Path) -> None:
    import webdataset  # noqa: PLC0415 - its import warns

    shards = sorted(map(str, dataset.glob("shards/*/*.tar")))
    read = list(webdataset.WebDataset(shards, shardshuffle=False))
    assert sorted(sample["__key__"] for sample in read) == expected_keys()
    for sample in read:
        assert set(sample) >= FIELDS
        metadata = json.loads(sample["metadata.json"])
        assert sample["__key__"].endswith(metadata["task_id"][-8:])
        assert Image.open(io.BytesIO(sample["first_frame.png"])).size[0] > 0


@pytest.mark.filterwarnings("ignore")  # of the library's own imports
def test_hugging_face_datasets_reads_one_sample_for_each_key(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_DATASETS_OFFLINE", "1")
    import datasets  # noqa: PLC0415 - its import warns

    files = sorted(map(str, dataset.glob("shards/*/*.tar")))
    read = datasets.load_dataset(
        "webdataset", data_files=files, split="train", streaming=True, cache_dir=str(tmp_path)
    )
    rows = list(read.decode(False))
    assert sorted(row["__key__"] for row in rows) == expected_keys()
    assert all(set(row) >= FIELDS for row in rows)
    assert {row["prompt.txt"] for row in rows} != {""}


def test_the_index_has_one_row_for_each_sample(dataset: Path) -> None:
    table = pq.read_table(dataset / "index.parquet")
    assert table.num_rows == sum(SAMPLES.values())
    assert table.column("generator").to_pylist().count("O-maze") == SAMPLES["O-maze"]


def test_the_plain_tar_format_unpacks_into_one_folder_for_each_sample(tmp_path: Path) -> None:
    out = make(tmp_path, "tar")
    for archive in out.glob("questions/*.tar.gz"):
        with tarfile.open(archive) as opened:
            opened.extractall(tmp_path / "unpacked", filter="data")
    folders = {path.parent for path in (tmp_path / "unpacked").rglob("prompt.txt")}
    assert len(folders) == sum(SAMPLES.values())
    assert all({file.name for file in folder.iterdir()} >= FIELDS for folder in folders)


def test_the_file_format_holds_one_folder_for_each_sample(tmp_path: Path) -> None:
    out = make(tmp_path, "files")
    folders = {path.parent for path in (out / "questions").rglob("prompt.txt")}
    assert len(folders) == sum(SAMPLES.values())
    assert all({file.name for file in folder.iterdir()} >= FIELDS for folder in folders)
