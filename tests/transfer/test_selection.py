"""Of a run, the objects of chosen generators can be copied alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.objects import put
from support.trees import read_tree
from vrdata.dataset import layout
from vrdata.errors import InvalidInputError, NotFoundError, UsageError
from vrdata.plan.planned import Plan, PlannedGenerator, PlannedOutput
from vrdata.store.opening import open_store
from vrdata.store.port import ObjectStore
from vrdata.transfer.copy import download


@pytest.fixture
def run(tmp_path: Path) -> ObjectStore:
    """A run of the generators O-1 and O-1_x, with objects of every format."""
    store = open_store(str(tmp_path / "run"))
    generators = tuple(
        PlannedGenerator.model_validate(
            {
                "name": name,
                "class": "O",
                "digest": "sha256:" + "0" * 64,
                "samples": 4,
                "block_size": 2,
                "shard_blocks": 1,
            }
        )
        for name in ("O-1", "O-1_x")
    )
    plan = Plan(
        namespace="default",
        run="demo",
        seed=42,
        output=PlannedOutput(format="webdataset", video="h264"),
        generators=generators,
    )
    put(store, layout.PLAN, plan.to_json())
    put(store, layout.DATASET, b"{}")
    for generator in ("O-1", "O-1_x"):
        put(store, layout.commit_key(generator, 0))
        put(store, layout.index_key(generator))
        put(store, layout.shard_tar_key(generator, 0))
        put(store, layout.shard_targz_key(generator, 0, 2))
        put(store, f"questions/{layout.sample_folder(generator, 'dom', 0)}/prompt.txt")
    return store


def test_only_the_selected_generator_and_the_plan_are_copied(
    run: ObjectStore, tmp_path: Path
) -> None:
    result = download(run, tmp_path / "back", generators=["O-1"])
    assert result.transferred == 6
    assert set(read_tree(tmp_path / "back")) == {
        "_vrdata/plan.json",
        "_vrdata/commits/O-1/000000.json",
        "index/O-1.parquet",
        "shards/O-1/O-1-000000.tar",
        "questions/O-1_00000-00001.tar.gz",
        "questions/O-1/dom_task/dom_00000000/prompt.txt",
    }


def test_several_generators_can_be_selected(run: ObjectStore, tmp_path: Path) -> None:
    assert download(run, tmp_path / "back", generators=["O-1", "O-1_x"]).transferred == 11


def test_without_generators_everything_is_copied(run: ObjectStore, tmp_path: Path) -> None:
    assert download(run, tmp_path / "back").transferred == 12


def test_an_unknown_generator_is_not_found_and_a_close_name_suggested(
    run: ObjectStore, tmp_path: Path
) -> None:
    with pytest.raises(NotFoundError, match="did you mean O-1"):
        download(run, tmp_path / "back", generators=["0-1"])
    with pytest.raises(NotFoundError, match="its generators are O-1, O-1_x"):
        download(run, tmp_path / "back", generators=["zzz"])
    assert not (tmp_path / "back").exists()


def test_generators_of_a_folder_that_is_not_a_run_are_refused(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "files"))
    put(store, "a")
    with pytest.raises(UsageError, match="not the folder of a run"):
        download(store, tmp_path / "back", generators=["O-1"])


def test_a_plan_that_cannot_be_read_is_a_clear_error(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "run"))
    put(store, layout.PLAN, b'{"kind": "Other"}')
    with pytest.raises(InvalidInputError, match="omit --generator"):
        download(store, tmp_path / "back", generators=["O-1"])
