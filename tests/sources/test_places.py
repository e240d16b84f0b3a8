"""Pin the sources of a pipeline: all files of each place, once."""

from __future__ import annotations

import io
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from support.memorystore import MemoryStore
from vrdata.api.run import GenerationRunSpec
from vrdata.dataset import layout
from vrdata.errors import InvalidInputError, OutputConflictError
from vrdata.plan.pipelines import PipelineSource
from vrdata.plan.sources import PinnedPlace, PinnedSources
from vrdata.sources.opening import open_planned
from vrdata.sources.parts import read_parts
from vrdata.sources.port import Part, SourceChangedError, SourceNotFoundError
from vrdata.sources.resolve import pin_sources

NAME = "M-100_scan"
SPEC = GenerationRunSpec.model_validate({"generators": [{"name": NAME}]})
FILES = {
    "LICENSE": b"as you like",
    "a.json": b"{}",
    "a.png": b"image",
    "labels.csv": b"id,label\n1,cat\n2,dog\n",
    "train/b.png": b"other image",
}


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """Files of all kinds, tables and documents too, and a hidden one."""
    for name, body in (FILES | {".hidden": b"x"}).items():
        path = tmp_path / "raw" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    pq.write_table(pa.table({"n": range(100)}), tmp_path / "raw/rows.parquet", row_group_size=10)
    return tmp_path / "raw"


def source(url: Path, place: str = "raw", **changes: object) -> PipelineSource:
    return PipelineSource.model_validate({"place": place, "url": str(url)} | changes)


def pin(
    store: MemoryStore, *wanted: PipelineSource, write: bool = True, room: int = 0
) -> tuple[PinnedPlace, ...]:
    found = pin_sources(SPEC, store, write=write, places={NAME: wanted}, room=room)
    assert found is not None
    return found.places[NAME]


def parts(store: MemoryStore, number: int = 0) -> list[Part]:
    """The stored list of a place."""
    return list(read_parts(io.BytesIO(store.objects[layout.place_key(NAME, number)]), 0, 100))


def test_each_file_is_a_part_whatever_it_is(raw: Path) -> None:
    store = MemoryStore()
    (found,) = pin(store, source(raw))
    listed = parts(store)
    names = [*FILES, "rows.parquet"]
    assert [file.name for part in listed for file in part.files] == sorted(names)
    assert {(part.format, part.items, part.group, len(part.files)) for part in listed} == {
        ("files", 1, None, 1)
    }
    assert not any(file.ranges for part in listed for file in part.files)
    sizes = sum((raw / name).stat().st_size for name in names)
    assert (found.source.items, found.source.parts, found.source.bytes) == (6, 6, sizes)


def test_a_pinned_place_gives_each_file_as_it_was(raw: Path, tmp_path: Path) -> None:
    store = MemoryStore()
    (found,) = pin(store, source(raw))
    for part in parts(store):
        folder = tmp_path / f"staged-{part.first}"
        folder.mkdir()
        open_planned(found.source).stage(part, folder)
        name = part.files[0].name
        assert (folder / name).read_bytes() == (raw / name).read_bytes()


def test_a_place_can_have_some_files_or_one(raw: Path) -> None:
    store = MemoryStore()
    some, one, hidden = pin(
        store,
        source(raw, "a", include=["*.png", "/labels.csv"]),
        source(raw / "rows.parquet", "b"),
        source(raw, "c", include=[".hidden"]),
    )
    assert [place.source.items for place in (some, one, hidden)] == [3, 1, 1]
    assert parts(store, 1)[0].files[0].name == "rows.parquet"
    assert parts(store, 2)[0].files[0].name == ".hidden"


def test_the_lists_and_then_the_pinned_sources_are_stored(raw: Path) -> None:
    store = MemoryStore()
    found = pin(store, source(raw, "a", terms="no faces"), source(raw / "a.png", "b", ranges=True))
    assert list(store.objects) == [
        layout.place_key(NAME, 0),
        layout.place_key(NAME, 1),
        layout.SOURCES,
    ]
    stored = PinnedSources.model_validate_json(store.objects[layout.SOURCES])
    assert stored.places[NAME] == found
    assert found[0].source.terms == "no faces"
    assert found[1].source.ranges


def test_converters_and_pipelines_of_a_run_are_pinned_together(raw: Path) -> None:
    spec = GenerationRunSpec.model_validate(
        {"generators": [{"name": NAME}, {"name": "M-import", "source": {"url": f"{raw}/a.png"}}]}
    )
    store = MemoryStore()
    found = pin_sources(spec, store, write=True, places={NAME: (source(raw),)})
    assert found is not None
    assert (found.sources["M-import"].source.items, found.places[NAME][0].source.items) == (1, 6)
    assert pin_sources(spec, store, write=True, places={NAME: (source(raw),)}) == found


def test_nothing_is_stored_by_a_plan_without_a_run(raw: Path) -> None:
    store = MemoryStore()
    found = pin(store, source(raw), write=False)
    assert not store.objects
    assert pin(store, source(raw)) == found


def test_the_stored_places_are_used_even_if_the_source_has_changed(raw: Path) -> None:
    store = MemoryStore()
    found = pin(store, source(raw))
    (raw / "a.png").write_bytes(b"another")
    assert pin(store, source(raw, digest="sha256:" + "a" * 64, terms="new")) == found


def test_a_source_that_does_not_exist_leaves_nothing_in_the_output(raw: Path) -> None:
    store = MemoryStore()
    with pytest.raises(SourceNotFoundError, match="none does not exist"):
        pin(store, source(raw, "a"), source(raw / "none", "b"))
    (raw / "empty").mkdir()
    with pytest.raises(SourceNotFoundError, match="has no items"):
        pin(store, source(raw / "empty"))
    with pytest.raises(SourceNotFoundError, match=r"no file matches \*\.nii"):
        pin(store, source(raw, include=["*.nii"]))
    assert not store.objects


def test_other_places_in_the_same_output_are_a_conflict_that_names_the_difference(
    raw: Path,
) -> None:
    store = MemoryStore()
    pin(store, source(raw))
    store.objects[layout.PLAN] = b"{}"
    stored = dict(store.objects)
    words = rf"{NAME}: sources\[raw\]\.include was \[\], now \['\*\.png'\]"
    with pytest.raises(OutputConflictError, match=words):
        pin(store, source(raw, include=["*.png"]))
    with pytest.raises(OutputConflictError, match=r"sources\[raw\]\.unpack was False, now True"):
        pin(store, source(raw, unpack=True))
    with pytest.raises(OutputConflictError, match=r"sources\[b\]\.place was none, now b"):
        pin(store, source(raw, "b"), source(raw))
    assert store.objects == stored


def test_places_of_a_run_that_never_got_a_plan_are_replaced(raw: Path) -> None:
    store = MemoryStore()
    pin(store, source(raw))
    (found,) = pin(store, source(raw, include=["*.png"]))
    assert found.source.items == 2
    assert len(parts(store)) == 2


@pytest.mark.parametrize("damage", [b"", b"PAR1", None], ids=["empty", "truncated", "deleted"])
def test_a_damaged_or_deleted_list_is_written_again(raw: Path, damage: bytes | None) -> None:
    store = MemoryStore()
    wanted = source(raw, "a"), source(raw / "a.png", "b")
    found = pin(store, *wanted)
    key = layout.place_key(NAME, 1)
    intact = store.objects[key]
    store.delete(key)
    if damage is not None:
        store.objects[key] = damage
    assert pin(store, *wanted) == found
    assert store.objects[key] == intact


def test_a_deleted_list_of_a_changed_source_is_refused(raw: Path) -> None:
    store = MemoryStore()
    pin(store, source(raw))
    store.delete(layout.place_key(NAME, 0))
    (raw / "a.png").write_bytes(b"IMAGE")
    with pytest.raises(SourceChangedError, match="has changed since the run began"):
        pin(store, source(raw))


def test_a_killed_pin_continues_although_its_source_has_changed_meanwhile(raw: Path) -> None:
    store = MemoryStore()
    pin(store, source(raw))
    store.delete(layout.SOURCES)  # killed before it was written
    (raw / "c.png").write_bytes(b"new")
    (found,) = pin(store, source(raw))
    assert found.source.items == len(parts(store)) == 7


def test_an_archive_is_one_file(raw: Path) -> None:
    (found,) = pin(MemoryStore(), source(raw / "a.png", unpack=True))
    assert found.source.unpack
    with pytest.raises(InvalidInputError, match=r"raw has 6 files\n  why: raw expects one archive"):
        pin(MemoryStore(), source(raw, unpack=True))


@pytest.mark.parametrize("write", [True, False])
def test_sources_that_do_not_fit_into_the_scratch_space_are_refused_with_both_sizes(
    raw: Path, write: bool
) -> None:
    store = MemoryStore()
    both = source(raw / "a.png", "a"), source(raw / "a.json", "b")
    needed = 2 * 4096 + len(b"image" + b"{}")
    with pytest.raises(InvalidInputError, match=r"its sources need 8\.0 KiB") as caught:
        pin(store, *both, write=write, room=needed - 1)
    assert "a worker has 8.0 KiB" in caught.value.why
    assert "a 4.0 KiB, b 4.0 KiB" in caught.value.why
    assert "classes.M.ephemeralStorage of the profile to at least 21.4 KiB" in caught.value.fix
    assert not store.objects
    assert pin(store, *both, write=write, room=needed)


def test_an_archive_needs_twice_its_size_and_what_is_read_by_ranges_none(raw: Path) -> None:
    archive, ranges = source(raw / "a.png", unpack=True), source(raw, ranges=True)
    needed = 2 * (4096 + len(b"image"))
    assert pin(MemoryStore(), archive, room=needed)
    with pytest.raises(InvalidInputError, match="its sources need"):
        pin(MemoryStore(), archive, room=needed - 1)
    assert pin(MemoryStore(), ranges, room=1)


def test_the_licence_is_that_of_the_catalogue_if_the_source_says_none(raw: Path) -> None:
    (found,) = pin(MemoryStore(), source(raw, licence="cc-by-4.0"))
    assert found.source.licence == "cc-by-4.0"


def test_a_run_that_has_begun_is_not_refused_for_less_scratch_space(raw: Path) -> None:
    store = MemoryStore()
    found = pin(store, source(raw))
    store.objects[layout.PLAN] = b"{}"
    assert pin(store, source(raw), room=1) == found
