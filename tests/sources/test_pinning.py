"""Pin the sources of a run: once, and equal however often it is killed."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from support.memorystore import MemoryStore
from vrdata.api.run import GenerationRunSpec
from vrdata.api.source import SourceSpec
from vrdata.dataset import layout
from vrdata.errors import InvalidInputError, OutputConflictError
from vrdata.plan.sources import PinnedSources
from vrdata.sources.opening import open_planned
from vrdata.sources.parts import read_parts
from vrdata.sources.port import SourceChangedError, SourceNotFoundError
from vrdata.sources.resolve import pin_sources

NAME = "M-import"


def spec(path: Path, **source: object) -> GenerationRunSpec:
    return GenerationRunSpec.model_validate(
        {"generators": [{"name": NAME, "source": {"url": str(path), **source}}]}
    )


def write_table(path: Path, rows: int = 100, group: int = 10, offset: int = 0) -> Path:
    table = pa.table({"id": [f"row-{offset + n}" for n in range(rows)]})
    pq.write_table(table, path, row_group_size=group)
    return path


def pin(spec: GenerationRunSpec, store: MemoryStore, *, write: bool = True) -> PinnedSources:
    pinned = pin_sources(spec, store, write=write)
    assert pinned is not None
    return pinned


def test_a_run_without_sources_has_none() -> None:
    plain = GenerationRunSpec.model_validate({"generators": [{"name": "O-maze", "samples": 1}]})
    assert pin_sources(plain, MemoryStore(), write=True) is None


def test_the_list_of_parts_and_then_the_pinned_sources_are_stored(tmp_path: Path) -> None:
    store = MemoryStore()
    pinned = pin(spec(write_table(tmp_path / "rows.parquet"), limit=25), store)
    assert pinned.sources[NAME].source.items == 25
    assert list(store.objects) == [layout.items_key(NAME), layout.SOURCES]
    parts = list(read_parts(io.BytesIO(store.objects[layout.items_key(NAME)]), 0, 25))
    assert [(part.first, part.items, part.group, part.row) for part in parts] == [
        (0, 10, 0, 0),
        (10, 10, 1, 10),
        (20, 5, 2, 20),
    ]


def test_nothing_is_stored_by_a_plan_without_a_run(tmp_path: Path) -> None:
    store = MemoryStore()
    run = spec(write_table(tmp_path / "rows.parquet"))
    planned = pin(run, store, write=False)
    assert not store.objects
    assert pin(run, store) == planned


@pytest.mark.parametrize("write", [True, False])
def test_a_part_that_is_larger_than_the_scratch_space_is_refused_before_anything_is_stored(
    write: bool, tmp_path: Path
) -> None:
    store, run = MemoryStore(), spec(write_table(tmp_path / "rows.parquet", group=100))
    largest = pin(run, store, write=False).sources[NAME].largest
    assert largest is not None
    assert largest.name == "rows.parquet"
    with pytest.raises(
        InvalidInputError, match=r"M-import: a part of rows\.parquet needs 8\.0 KiB"
    ) as caught:
        pin_sources(run, store, write=write, room=largest.bytes - 1)
    assert "a worker has 8.0 KiB of it for the items of a block" in caught.value.why
    assert caught.value.fix.endswith("of the profile to at least 21.3 KiB")
    assert not store.objects
    assert pin_sources(run, store, write=write, room=largest.bytes) is not None


def test_a_run_that_has_begun_is_not_refused_for_less_scratch_space(tmp_path: Path) -> None:
    store, run = MemoryStore(), spec(write_table(tmp_path / "rows.parquet"))
    pinned = pin(run, store)
    store.objects[layout.PLAN] = b"{}"
    assert pin_sources(run, store, write=True, room=1) == pinned


def test_the_stored_sources_are_used_even_if_the_source_has_changed(tmp_path: Path) -> None:
    store = MemoryStore()
    run = spec(write_table(tmp_path / "rows.parquet"))
    pinned = pin(run, store)
    write_table(tmp_path / "rows.parquet", rows=7)
    assert pin(run, store) == pinned


def test_another_source_in_the_same_output_is_a_conflict_that_names_the_difference(
    tmp_path: Path,
) -> None:
    store = MemoryStore()
    table = write_table(tmp_path / "rows.parquet")
    pin(spec(table), store)
    store.objects[layout.PLAN] = b"{}"
    stored = dict(store.objects)
    with pytest.raises(OutputConflictError, match=r"M-import: source\.limit was none, now 5"):
        pin(spec(table, limit=5), store)
    assert store.objects == stored


def test_sources_of_a_run_that_never_got_a_plan_are_replaced(tmp_path: Path) -> None:
    store = MemoryStore()
    table = write_table(tmp_path / "rows.parquet")
    pin(spec(table), store)
    stored = dict(store.objects)
    assert pin(spec(table, limit=5), store, write=False).sources[NAME].source.items == 5
    assert store.objects == stored
    assert pin(spec(table, limit=5), store).sources[NAME].source.items == 5
    assert pin(spec(table, limit=5), store, write=False).sources[NAME].source.items == 5


def test_a_source_that_cannot_be_listed_leaves_nothing_in_the_output(tmp_path: Path) -> None:
    store = MemoryStore()
    table = write_table(tmp_path / "rows.parquet")
    both = GenerationRunSpec.model_validate(
        {
            "generators": [
                {"name": "M-import", "source": {"url": str(table)}},
                {"name": "M-two", "converter": "M-import", "source": {"url": f"{table}-2"}},
            ]
        }
    )
    with pytest.raises(SourceNotFoundError, match="parquet-2 does not exist"):
        pin(both, store)
    assert not store.objects


def test_a_killed_pin_continues_although_its_source_has_changed_meanwhile(tmp_path: Path) -> None:
    store = MemoryStore()
    run = spec(write_table(tmp_path / "rows.parquet"))
    pin(run, store)
    store.delete(layout.SOURCES)  # killed before it was written
    write_table(tmp_path / "rows.parquet", rows=7)
    pinned = pin(run, store)
    assert pinned.sources[NAME].source.items == 7
    assert [
        part.items for part in read_parts(io.BytesIO(store.objects[layout.items_key(NAME)]), 0, 7)
    ]
    assert pin(run, store) == pinned


@pytest.mark.parametrize("damage", [b"", b"PAR1", None], ids=["empty", "truncated", "deleted"])
def test_a_damaged_or_deleted_list_is_written_again(tmp_path: Path, damage: bytes | None) -> None:
    store = MemoryStore()
    run = spec(write_table(tmp_path / "rows.parquet"))
    pinned = pin(run, store)
    intact = store.objects[layout.items_key(NAME)]
    store.delete(layout.items_key(NAME))
    if damage is not None:
        store.objects[layout.items_key(NAME)] = damage
    assert pin(run, store) == pinned
    assert store.objects[layout.items_key(NAME)] == intact


def test_a_deleted_list_of_a_changed_source_is_refused(tmp_path: Path) -> None:
    store = MemoryStore()
    run = spec(write_table(tmp_path / "rows.parquet"))
    pin(run, store)
    store.delete(layout.items_key(NAME))
    write_table(tmp_path / "rows.parquet", offset=1)
    with pytest.raises(SourceChangedError, match="has changed since the run began"):
        pin(run, store)


def test_concurrent_pins_agree_on_the_one_that_finished_first(tmp_path: Path) -> None:
    class SlowStore(MemoryStore):
        """Another pin, of the source as it is then, finishes while this one writes its list."""

        def put_new(
            self, key: str, body: bytes | Path, *, sha256: str, content_type: str = ""
        ) -> bool:
            if key == layout.SOURCES and not self.overtaken:
                self.overtaken = True
                write_table(tmp_path / "rows.parquet", rows=7)
                self.delete(layout.items_key(NAME))
                self.first = pin(run, self)
            return super().put_new(key, body, sha256=sha256, content_type=content_type)

        overtaken = False
        first: PinnedSources

    store = SlowStore()
    run = spec(write_table(tmp_path / "rows.parquet"))
    assert pin(run, store) == store.first
    assert store.first.sources[NAME].source.items == 7


def test_a_pinned_source_gives_each_row_group_as_it_was(tmp_path: Path) -> None:
    path = write_table(tmp_path / "rows.parquet")
    store = MemoryStore()
    source = pin(spec(path), store).sources[NAME].source
    for part in read_parts(io.BytesIO(store.objects[layout.items_key(NAME)]), 35, 55):
        folder = tmp_path / f"staged-{part.first}"
        folder.mkdir()
        open_planned(source).stage(part, folder)
        assert part.group is not None
        staged = pq.ParquetFile(folder / "rows.parquet").read_row_group(part.group)
        assert staged == pq.ParquetFile(path).read_row_group(part.group)
        assert part.key(part.first + 3) == f"rows.parquet#{part.first + 3}"


def test_a_file_that_changes_after_the_pin_is_not_converted(tmp_path: Path) -> None:
    path = write_table(tmp_path / "rows.parquet")
    before = path.stat()
    store = MemoryStore()
    source = pin(spec(path), store).sources[NAME].source
    body = bytearray(path.read_bytes())
    body[20] ^= 1
    path.write_bytes(body)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    (part,) = read_parts(io.BytesIO(store.objects[layout.items_key(NAME)]), 0, 1)
    (tmp_path / "staged").mkdir()
    with pytest.raises(SourceChangedError, match=r"rows\.parquet has changed since the run began"):
        open_planned(source).stage(part, tmp_path / "staged")


def test_a_relative_path_is_relative_to_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_table(tmp_path / "rows.parquet", rows=3)
    monkeypatch.chdir(tmp_path)
    assert pin(spec(Path("rows.parquet")), MemoryStore()).sources[NAME].source.items == 3
    assert SourceSpec(url="rows.parquet").url == "rows.parquet"
