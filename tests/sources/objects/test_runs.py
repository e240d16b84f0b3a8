"""A finished run as a source: an item is all rows of one item, whatever row groups have them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.builders import build_finished_run, make_plan
from support.datasets.rowsets import NAME, build_rows, rows_of
from support.memorystore import MemoryStore
from vrdata.dataset import layout
from vrdata.dataset.outputs import write_outputs
from vrdata.errors import InvalidInputError, NotFoundError
from vrdata.sources.objects.opening import open_path
from vrdata.sources.objects.runs import run_parts
from vrdata.sources.port import Part
from vrdata_generators.api import Item
from vrdata_generators.runs.rows import batches_of
from vrdata_generators.runs.rows import rows_of as rows_of_item

COLUMNS = ("step", "text")
ROWS = "vrdata.dataset.formats.parquet.rows.ROWS"


def stored(folder: Path, store: MemoryStore) -> Path:
    """The objects as files."""
    for key, body in store.objects.items():
        path = folder / "run" / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    return folder / "run"


def finished(values: Any = rows_of) -> MemoryStore:
    store = MemoryStore()
    write_outputs(store, build_rows(store, values=values), detect=False)
    return store


def read(folder: Path, part: Part, item: int) -> list[Any]:
    """The rows of an item of a staged part."""
    files = {one.name: folder / one.name for one in part.files}
    return list(rows_of_item(Item(item, part.key(item), files), COLUMNS))


def test_the_items_are_those_that_have_rows(tmp_path: Path) -> None:
    source = open_path("run", stored(tmp_path, finished()))
    parts = list(source.resolve(None).parts)
    assert [(part.first, part.items) for part in parts] == [(0, 2), (2, 2), (4, 1)]
    keys = [part.key(item) for part in parts for item in range(part.first, part.first + part.items)]
    first, second = (layout.shard_parquet_key(NAME, number) for number in (0, 1))
    assert keys == [f"{first}#1", f"{first}#2", f"{second}#4", f"{second}#5", f"{second}#7"]


@settings(max_examples=25, deadline=None)
@given(counts=st.lists(st.integers(0, 9), min_size=8, max_size=8), size=st.integers(1, 7))
def test_each_item_has_its_rows_and_no_others(
    tmp_path_factory: pytest.TempPathFactory, counts: list[int], size: int
) -> None:
    def values(item: int) -> list[dict[str, Any]]:
        return [{"step": at, "text": f"{item}"} for at in range(counts[item])]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ROWS, size)
        store = finished(values)
    folder = tmp_path_factory.mktemp("run")
    source = open_path("run", stored(folder, store))
    expected = [[(at, f"{item}") for at in range(n)] for item, n in enumerate(counts) if n]
    if not any(counts):
        with pytest.raises(NotFoundError, match="no items"):
            list(source.resolve(None).parts)
        return
    found = []
    for part in source.resolve(None).parts:
        staged = folder / f"part-{part.first}"
        staged.mkdir()
        source.stage(part, staged)
        found += [read(staged, part, part.first + at) for at in range(part.items)]
    assert found == expected


def test_only_the_bytes_of_the_row_groups_of_an_item_are_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ROWS, 1)
    parts = list(run_parts(finished()))
    assert all(part.bytes < part.files[0].size for part in parts)


def test_a_limit_counts_items(tmp_path: Path) -> None:
    parts = list(open_path("run", stored(tmp_path, finished())).resolve(3).parts)
    assert sum(part.items for part in parts) == 3


def test_the_tables_of_a_run_are_tables_if_they_are_named(tmp_path: Path) -> None:
    source = open_path("run", stored(tmp_path, finished()), ("data/**",))
    parts = list(source.resolve(None).parts)
    assert sum(part.items for part in parts) == sum(len(rows_of(item)) for item in range(8))


def test_a_run_that_is_not_finished_is_refused() -> None:
    store = MemoryStore()
    build_rows(store)
    with pytest.raises(NotFoundError, match="not finished"):
        list(run_parts(store))


def test_a_run_with_samples_is_refused() -> None:
    store = MemoryStore()
    build_finished_run(store, make_plan({"O-maze": 4}))
    with pytest.raises(InvalidInputError, match="with samples, and not with rows"):
        list(run_parts(store))


def test_a_run_with_several_generators_is_refused() -> None:
    store = MemoryStore()
    build_finished_run(store, make_plan({"O-maze": 4, "O-other": 4}))
    with pytest.raises(InvalidInputError, match="several generators: O-maze, O-other"):
        list(run_parts(store))


def test_a_data_object_that_differs_from_its_marker_is_refused() -> None:
    store = finished()
    store.objects[layout.shard_parquet_key(NAME, 1)] += b"x"
    with pytest.raises(InvalidInputError, match="unlike its commit marker"):
        list(run_parts(store))


def test_an_item_of_another_source_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.mcap").write_bytes(b"")
    with pytest.raises(ValueError, match=r"a\.mcap is not an item of a run"):
        list(batches_of(Item(0, "a.mcap", {"a.mcap": tmp_path / "a.mcap"}), COLUMNS))


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    folder = stored(tmp_path, finished())
    key = layout.shard_parquet_key(NAME, 0)
    with pytest.raises(ValueError, match="no column msg; they have step, text"):
        list(batches_of(Item(0, f"{key}#1", {key: folder / key}), ["msg"]))
