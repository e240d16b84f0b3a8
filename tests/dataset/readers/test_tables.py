"""Readers that others wrote accept the tables: Hugging Face `datasets` and DuckDB."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from support.builders import build_finished_run, make_plan, sample_files
from support.datasets.rowfiles import rows, write
from vrdata.plan.planned import Plan
from vrdata.store.opening import open_store

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore"),  # the libraries' own
]

SAMPLES = {"O-maze": 5, "G-pendulum": 3}


def without_final_frame(index: int, files: dict[str, bytes]) -> None:
    if index != 1:
        del files["final_frame.png"]
        del files["ground_truth.mp4"]
    if index == 2:
        files["extra.bin"] = b"\xff"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Plan]:
    """A finished run; only a few samples have a final frame, the first has none."""
    folder = tmp_path_factory.mktemp("tables")
    plan = make_plan(SAMPLES, output_format="parquet")
    build_finished_run(open_store(str(folder)), plan, change=without_final_frame)
    return folder, plan


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """`datasets.load_dataset` without network and with a cache of its own."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_DATASETS_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    import datasets

    def load_split(*args: str, **options: Any) -> Any:
        return datasets.load_dataset(
            *args, split="train", cache_dir=str(tmp_path / "cache"), **options
        )

    return load_split


def expected(plan: Plan, generator: str, index: int) -> dict[str, bytes]:
    files = sample_files(plan, generator, index)
    without_final_frame(index, files)
    return files


@pytest.mark.parametrize("streaming", [False, True])
@pytest.mark.parametrize("by_files", [False, True])
def test_hugging_face_datasets_shows_images_and_videos(
    run: tuple[Path, Plan], load: Callable[..., Any], *, streaming: bool, by_files: bool
) -> None:
    import datasets

    folder, plan = run
    if by_files:
        files = [str(path) for path in sorted(folder.glob("data/*/*.parquet"))]
        found = load("parquet", data_files=files, streaming=streaming)
    else:
        found = load(str(folder), streaming=streaming)
    assert isinstance(found.features["first_frame"], datasets.Image)
    assert isinstance(found.features["ground_truth"], datasets.Video)
    found = found.cast_column("ground_truth", datasets.Video(decode=False))
    read = list(found)
    assert len(read) == sum(SAMPLES.values())
    for row in read:
        generator = "O-maze" if row["domain"] == "O-maze" else "G-pendulum"
        files = expected(plan, generator, row["index"])
        assert row["first_frame"].convert("RGB").size == (16, 16)
        assert row["prompt"].encode() == files["prompt.txt"]
        assert row["metadata"].encode() == files["metadata.json"]
        video = files.get("ground_truth.mp4")
        assert (row["ground_truth"] or {}).get("bytes") == video
        assert (row["final_frame"] is None) == ("final_frame.png" not in files)
        others = {one["name"]: one["bytes"] for one in row["files"]}
        assert others == {name: body for name, body in files.items() if name == "extra.bin"}


def test_videos_can_be_played(run: tuple[Path, Plan]) -> None:
    import av

    folder, _ = run
    tables = duckdb.read_parquet(f"{folder}/data/*/*.parquet")
    for (body,) in tables.filter("index = 1").select("ground_truth.bytes").fetchall():
        with av.open(io.BytesIO(body)) as video:
            assert len(list(video.decode(video=0))) == 3


def test_duckdb_reads_all_tables_as_one(run: tuple[Path, Plan]) -> None:
    folder, plan = run
    tables = duckdb.read_parquet(f"{folder}/data/*/*.parquet")
    found = tables.select("domain, index, prompt, first_frame.bytes, len(files)").fetchall()
    assert len(found) == sum(SAMPLES.values())
    for domain, index, prompt, first, others in found:
        files = expected(plan, domain, index)
        assert (prompt.encode(), first) == (files["prompt.txt"], files["first_frame.png"])
        assert others == ("extra.bin" in files)


def test_rows_are_read_with_their_types(tmp_path: Path, load: Callable[..., Any]) -> None:
    schema = pa.schema(
        [("at", pa.timestamp("us")), ("values", pa.list_(pa.float32())), ("kind", pa.string())]
    )
    values = [{"at": 5, "values": [1.5, None], "kind": "a"}, {"at": 6, "values": [], "kind": None}]
    _, pending = write(tmp_path, [rows(tmp_path, schema, []), rows(tmp_path, schema, values)])
    found = load("parquet", data_files=[str(pending.path)])
    assert found.column_names == ["index", "at", "values", "kind"]
    assert found["values"][0] == [1.5, None]
    table = duckdb.read_parquet(str(pending.path)).select("index, values, kind")
    assert table.fetchall() == [(1, [1.5, None], "a"), (1, [], None)]
