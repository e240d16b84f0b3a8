"""A run of different generators, one with optional files and values, is read without a loss."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from support.cli import called, vrdata, write_run
from support.generators.awkward import LATE, add_awkward

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore"),  # the libraries' own
]

SHAPES = f"O-{'shapes_' * 13}long"  # 97 characters: members need pax headers
SAMPLES = {"G-pendulum": 2, SHAPES: 12}
LATE_FILES = {"hint.png", "layout.json.txt", "grid.npy.bin"}
METADATA = {"task_id", "generator", "domain", "generation", "param_hash", "generator_metadata"}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return add_awkward(tmp_path_factory.mktemp("repositories"), SHAPES)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, home: Path) -> Callable[[str], Path]:
    """Gives the finished and verified run in a format."""
    folder = tmp_path_factory.mktemp("mixed")

    def make(output_format: str) -> Path:
        out = folder / output_format
        if not out.exists():
            spec = write_run(folder / "run.json", SAMPLES, output_format=output_format)
            ran = vrdata("run", spec, "--local", "--out", out, "--generators", home)
            assert ran.code == 0, ran.err
            verified = called("verify", out)
            assert verified.code == 0, verified.err
        return out / "default" / "demo"

    return make


@pytest.fixture(scope="module")
def datasets(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The library, without network and with a cache of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_HUB_OFFLINE", "1")
        patch.setenv("HF_HOME", str(tmp_path_factory.mktemp("home")))
        import datasets

        datasets.disable_progress_bars()
        yield datasets


def check(rows: list[dict[str, Any]]) -> None:
    """Every sample is there, with all its files and all that its generator wrote."""
    names = [f"{name}-{index:08d}" for name, count in SAMPLES.items() for index in range(count)]
    assert sorted(row["__key__"] for row in rows) == sorted(names)
    for row in rows:
        metadata = row["metadata.json"]
        assert metadata.keys() == METADATA
        own = json.loads(metadata["generator_metadata"])
        present = {name for name, value in row.items() if value is not None}
        if metadata["generator"] == SHAPES:
            index = int(row["__key__"][-8:])
            check_own(own, index % 10)
            assert present & LATE_FILES == (LATE_FILES if index % 10 >= LATE else set())
            assert row["prompt.txt"].startswith("Paint it (")
        else:
            assert own["parameters"]
            assert "ground_truth.mp4" in present
    late = next(row for row in rows if row["__key__"] == f"{SHAPES}-{LATE:08d}")
    assert json.loads(late["layout.json.txt"]) == {"big": 2**70}
    assert late["grid.npy.bin"] == b"no array"


def check_own(own: dict[str, Any], position: int) -> None:
    late = position >= LATE
    assert own[f"only_{position}"] is True
    assert own["answer"] == ("left" if late else None)
    assert own["big"] == 2**64 + position
    assert own["mixed"] == ([1, "a", None, [2.5]] if late else [])
    assert str(own["zero"]) == "-0.0"


@pytest.mark.parametrize("streaming", [True, False])
def test_hugging_face_datasets_reads_the_whole_folder(
    run: Callable[[str], Path], datasets: Any, tmp_path: Path, streaming: bool
) -> None:
    rows = datasets.load_dataset(
        str(run("webdataset")), split="train", streaming=streaming, cache_dir=str(tmp_path)
    )
    if streaming:
        rows = rows.decode(False)
    else:
        rows = rows.cast_column("ground_truth.mp4", datasets.Video(decode=False))
    check(list(rows))


def test_hugging_face_datasets_reads_shards_with_the_features_of_the_folder(
    run: Callable[[str], Path], datasets: Any, tmp_path: Path
) -> None:
    folder = run("webdataset")
    features = datasets.load_dataset_builder(str(folder), cache_dir=str(tmp_path)).info.features
    shards = sorted(map(str, folder.glob("shards/*/*.tar")))
    rows = datasets.load_dataset(
        "webdataset", data_files=shards, features=features, split="train", streaming=True
    )
    check(list(rows.decode(False)))


@pytest.mark.parametrize("generator", list(SAMPLES))
def test_the_metadata_of_a_generator_needs_no_list_of_columns(
    run: Callable[[str], Path], datasets: Any, tmp_path: Path, generator: str
) -> None:
    shards = sorted(map(str, run("webdataset").glob("shards/*/*.tar")))
    rows = datasets.load_dataset(
        "webdataset", data_files=shards, split="train", cache_dir=str(tmp_path), streaming=True
    )
    found = [row["metadata.json"] for row in rows.decode(False)]
    mine = [one for one in found if one["generator"] == generator]
    assert len(mine) == SAMPLES[generator]
    assert all(one.keys() == METADATA and None not in one.values() for one in mine)


@pytest.mark.parametrize("output_format", ["tar", "files"])
def test_hugging_face_datasets_reads_the_index_in_other_formats(
    run: Callable[[str], Path], datasets: Any, tmp_path: Path, output_format: str
) -> None:
    folder = run(output_format)
    rows = datasets.load_dataset(str(folder), split="train", cache_dir=str(tmp_path))
    assert len(rows) == sum(SAMPLES.values())


def test_webdataset_decodes_every_file(run: Callable[[str], Path]) -> None:
    import webdataset

    shards = sorted(map(str, run("webdataset").glob("shards/*/*.tar")))
    check(list(webdataset.WebDataset(shards, shardshuffle=False).decode("pil")))


def test_python_reads_every_member(run: Callable[[str], Path]) -> None:
    found = set()
    for shard in run("webdataset").glob("shards/*/*.tar"):
        with tarfile.open(shard) as opened:
            found |= {member.name for member in opened if member.isreg()}
    late = {f"{SHAPES}-{LATE:08d}.{name}" for name in LATE_FILES}
    assert late <= found


def test_duckdb_reads_the_metadata_of_all_generators_as_one_table(
    run: Callable[[str], Path],
) -> None:
    pattern = str(run("files") / "questions/**/metadata.json")
    with duckdb.connect() as connection:
        rows = connection.execute(
            "SELECT generator, generation.seed, generator_metadata FROM read_json(?)", [pattern]
        ).fetchall()
    assert sorted(generator for generator, _, _ in rows) == sorted(
        name for name, count in SAMPLES.items() for _ in range(count)
    )
    assert all(seed >= 0 and json.loads(own) for _, seed, own in rows)
