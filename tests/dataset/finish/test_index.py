"""The indexes: one for each generator, with one schema, recognised as complete or written again."""

from collections.abc import Callable
from io import BytesIO

import pyarrow.parquet as pq
import pytest

from support.builders import build_run, make_plan, put_object
from support.markers import data_keys, samples_of
from support.memorystore import MemoryStore
from vrdata.dataset import layout
from vrdata.dataset.commits import CommitMarker, open_marker, read_head
from vrdata.dataset.finish import index as index_module
from vrdata.dataset.finish.counts import GeneratorCounts
from vrdata.dataset.finish.generator import index_generator
from vrdata.dataset.finish.index import DamagedIndexError, read_counts, read_samples
from vrdata.dataset.finish.shards import JOBS, IncompleteRunError
from vrdata.dataset.manifest import ShardManifest
from vrdata.dataset.outputs import summarise
from vrdata.errors import OutputConflictError
from vrdata.plan.planned import Plan

MAZE = layout.index_key("O-1_maze")
ROOMS = layout.index_key("G-2_rooms")


@pytest.fixture
def committed(plan: Plan) -> MemoryStore:
    """The run of `plan` with all shards, not finalised."""
    store = MemoryStore()
    build_run(store, plan)
    return store


def index(store: MemoryStore, plan: Plan, generator: str = "O-1_maze") -> GeneratorCounts:
    return index_generator(store, plan, generator, detect=False)


def test_an_index_has_one_row_for_each_sample_that_leads_to_its_bytes(
    finished: MemoryStore, plan: Plan
) -> None:
    rows = [
        row
        for key in (MAZE, ROOMS)
        for row in pq.read_table(BytesIO(finished.objects[key])).to_pylist()
    ]
    assert [(row["generator"], row["index"]) for row in rows] == [
        *(("O-1_maze", index) for index in range(5)),
        *(("G-2_rooms", index) for index in range(3)),
    ]
    for row in rows:
        manifest = read_head(finished, row["generator"], row["shard"])
        sample = next(one for one in samples_of(finished, manifest) if one.index == row["index"])
        assert (row["seed"], row["block"], row["content"]) == (
            sample.seed,
            sample.block,
            sample.content,
        )
        assert row["video_frames"] == 3
        assert [file["sha256"] for file in row["files"]] == [one.sha256 for one in sample.files]
        if plan.output.format == "files":
            assert row["object"] + "prompt.txt" in finished.objects
        else:
            assert row["object"] in finished.objects


def test_the_expected_listing_of_data_objects_can_be_read_from_the_indexes(
    finished: MemoryStore, plan: Plan
) -> None:
    expected: dict[str, int] = {}
    for key in (MAZE, ROOMS):
        for row in pq.read_table(BytesIO(finished.objects[key])).to_pylist():
            if plan.output.format == "files":
                expected |= {row["object"] + file["name"]: file["size"] for file in row["files"]}
            else:
                expected[row["object"]] = row["object_size"]
    data = {key for key in finished.objects if key.startswith(layout.DATA)}
    assert expected == {key: len(finished.objects[key]) for key in data}


def test_all_indexes_have_one_schema(finished: MemoryStore) -> None:
    schemas = [pq.read_schema(BytesIO(finished.objects[key])) for key in (MAZE, ROOMS)]
    assert schemas[0].equals(schemas[1], check_metadata=True)


def test_a_generator_without_samples_has_an_index_without_rows() -> None:
    plan, store = make_plan({"O-1_maze": 2}), MemoryStore()
    build_run(store, plan, failed=[("O-1_maze", 0), ("O-1_maze", 1)])
    counts = index(store, plan)
    assert (counts.samples, counts.failed_samples, counts.shards) == (0, 2, 1)
    assert [(one.reason, one.count, one.sample) for one in counts.failures] == [
        ("EmptyPrompt", 2, 0)
    ]
    assert list(read_samples(store, "O-1_maze")) == []


def test_the_metadata_name_plan_generator_and_rows(committed: MemoryStore, plan: Plan) -> None:
    counts = index(committed, plan)
    assert read_counts(committed, plan.hash, "O-1_maze") == counts
    assert (counts.plan, counts.generator, counts.samples) == (plan.hash, "O-1_maze", 5)
    assert counts.bytes == sum(
        len(committed.objects[key])
        for shard in (0, 1)
        for key in data_keys(committed, read_head(committed, "O-1_maze", shard))
    )


def test_an_existing_index_is_kept_and_no_marker_is_read(
    committed: MemoryStore, plan: Plan
) -> None:
    first = index(committed, plan)
    before = dict(committed.objects)
    committed.requests.clear()
    assert index(committed, plan) == first
    assert committed.objects == before
    assert set(committed.requests) <= {"list", "get_range"}
    assert committed.requests.total() <= 4


def test_an_index_with_other_row_groups_is_kept(
    committed: MemoryStore, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_module, "ROW_GROUP", 2)
    index(committed, plan)
    existing = committed.objects[MAZE]
    assert pq.ParquetFile(BytesIO(existing)).num_row_groups == 3
    monkeypatch.setattr(index_module, "ROW_GROUP", 3)
    index(committed, plan)
    assert committed.objects[MAZE] == existing
    assert [sample.sample_index for sample in read_samples(committed, "O-1_maze")] == [*range(5)]


def test_few_markers_are_in_memory_however_many_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    plan, store = make_plan({"O-1_maze": 120}), MemoryStore()
    build_run(store, plan)
    opened: list[int] = []
    waiting: list[int] = []

    def opening(store: MemoryStore, name: str, shard: int) -> CommitMarker:
        opened.append(shard)
        return open_marker(store, name, shard)

    class Writer(index_module.IndexWriter):
        def add_shard(self, manifest: ShardManifest) -> None:
            waiting.append(len(opened) - manifest.shard)
            super().add_shard(manifest)

    monkeypatch.setattr("vrdata.dataset.finish.shards.open_marker", opening)
    monkeypatch.setattr("vrdata.dataset.finish.generator.IndexWriter", Writer)
    index(store, plan)
    assert len(waiting) == len(opened) == 30
    assert max(waiting) <= JOBS


def test_one_request_reads_many_row_groups(
    committed: MemoryStore, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_module, "ROW_GROUP", 2)
    index(committed, plan)
    committed.requests.clear()
    assert len(list(read_samples(committed, "O-1_maze"))) == 5
    assert committed.requests == {"list": 1, "get_range": 2}  # the end of the file, then its rows


def truncated(body: bytes) -> bytes:
    return body[: len(body) // 2]


def extended(body: bytes) -> bytes:
    return body + b"more"


def text(_body: bytes) -> bytes:
    return b"text"


def empty(_body: bytes) -> bytes:
    return b""


@pytest.mark.parametrize("damage", [truncated, extended, text, empty])
def test_a_damaged_index_is_written_again(
    committed: MemoryStore, plan: Plan, damage: Callable[[bytes], bytes]
) -> None:
    index(committed, plan)
    whole = committed.objects[MAZE]
    committed.objects[MAZE] = damage(whole)
    with pytest.raises(DamagedIndexError, match=r"O-1_maze\.parquet"):
        read_counts(committed, plan.hash, "O-1_maze")
    index(committed, plan)
    assert committed.objects[MAZE] == whole


@pytest.mark.parametrize("of", ["plan", "generator"])
def test_a_foreign_index_is_written_again(committed: MemoryStore, plan: Plan, of: str) -> None:
    index(committed, plan)
    whole = committed.objects[MAZE]
    other = committed
    if of == "plan":
        other_plan = plan.model_copy(update={"seed": 7})
        other = MemoryStore()
        build_run(other, other_plan)
        index(other, other_plan)
        committed.objects[MAZE] = other.objects[MAZE]
    else:
        index(committed, plan, "G-2_rooms")
        committed.objects[MAZE] = committed.objects[ROOMS]
    index(committed, plan)
    assert committed.objects[MAZE] == whole


def test_an_index_with_a_damaged_row_is_written_again_when_it_is_read(
    committed: MemoryStore, plan: Plan
) -> None:
    summary, _ = summarise(committed, plan, detect=False)
    whole = committed.objects[MAZE]
    body = bytearray(whole)
    metadata = pq.read_metadata(BytesIO(whole))
    column = metadata.row_group(0).column(1)
    assert column.path_in_schema == "id"
    body[column.data_page_offset + column.total_compressed_size - 10] ^= 0xFF
    committed.objects[MAZE] = bytes(body)
    with pytest.raises(DamagedIndexError):
        list(read_samples(committed, "O-1_maze"))
    assert summarise(committed, plan, detect=False)[0] == summary
    assert committed.objects[MAZE] == whole


def test_a_generator_can_be_indexed_before_others_are_committed(plan: Plan) -> None:
    store = MemoryStore()
    build_run(store, plan, skip=[("G-2_rooms", 0)])
    assert index(store, plan).samples == 5
    with pytest.raises(IncompleteRunError, match="G-2_rooms 0"):
        index(store, plan, "G-2_rooms")
    assert ROOMS not in store.objects


def test_a_marker_of_a_shard_outside_the_plan_is_refused(
    committed: MemoryStore, plan: Plan
) -> None:
    put_object(committed, layout.commit_key("O-1_maze", 2), b"{}")
    with pytest.raises(OutputConflictError, match="outside the plan"):
        index(committed, plan)
    assert MAZE not in committed.objects
