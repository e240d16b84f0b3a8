"""Finalisation: only complete runs, the same end state however often and wherever it stopped."""

from io import BytesIO
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from support.builders import build_finished_run, build_run, make_plan, put_object
from support.markers import change_marker, data_keys, samples_of
from support.memorystore import MemoryStore
from vrdata.dataset import layout
from vrdata.dataset.commits import read_head
from vrdata.dataset.finish import index as index_module
from vrdata.dataset.finish.finalise import IncompleteRunError, finalise, load_summary, succeed
from vrdata.errors import OutputConflictError
from vrdata.plan.planned import Plan
from vrdata.store.port import ObjectInfo, StorageError


class Killed(BaseException):
    """The process ends here."""


class MortalStore(MemoryStore):
    """Dies before its n-th write."""

    def __init__(self, writes: int) -> None:
        super().__init__()
        self.writes = writes

    def put_new(self, key: str, body: bytes | Path, *, sha256: str, content_type: str = "") -> bool:
        if self.writes == 0:
            raise Killed
        self.writes -= 1
        return super().put_new(key, body, sha256=sha256, content_type=content_type)


def finish(store: MemoryStore, plan: Plan) -> None:
    succeed(store, finalise(store, plan))


def test_a_finished_run_has_summary_index_and_success(finished: MemoryStore, plan: Plan) -> None:
    summary = load_summary(finished)
    assert summary is not None
    assert (summary.samples, summary.failed_samples, summary.shards, summary.files) == (8, 0, 3, 40)
    assert [(one.name, one.samples) for one in summary.generators] == [
        ("O-1_maze", 5),
        ("G-2_rooms", 3),
    ]
    assert summary.bytes == sum(
        len(body) for key, body in finished.objects.items() if key.startswith(("shards", "quest"))
    )
    assert finished.objects[layout.SUCCESS].decode().strip() == summary.dataset_hash
    assert summary.plan == plan.hash


def test_finalising_again_changes_nothing(finished: MemoryStore, plan: Plan) -> None:
    before = dict(finished.objects)
    finish(finished, plan)
    assert finished.objects == before


def test_killed_anywhere_and_started_again_it_ends_the_same(
    finished: MemoryStore, plan: Plan
) -> None:
    for writes in range(3):
        store = MortalStore(10**6)
        build_run(store, plan)
        store.writes = writes
        with pytest.raises(Killed):
            finish(store, plan)
        assert layout.SUCCESS not in store.objects
        store.writes = 10**6
        finish(store, plan)
        assert store.objects == finished.objects


def test_a_run_with_missing_shards_is_refused(plan: Plan) -> None:
    store = MemoryStore()
    build_run(store, plan, skip=[("O-1_maze", 1)])
    with pytest.raises(IncompleteRunError, match=r"1 shards are not committed.*O-1_maze 1"):
        finalise(store, plan)
    assert layout.DATASET not in store.objects


@pytest.mark.parametrize("key", [("O-1_maze", 2), ("O-9_other", 0)])
def test_a_marker_that_the_plan_does_not_know_is_refused(plan: Plan, key: tuple[str, int]) -> None:
    store = MemoryStore()
    build_run(store, plan)
    put_object(store, layout.commit_key(*key), b"{}")
    with pytest.raises(OutputConflictError, match="does not know"):
        finalise(store, plan)


def test_a_marker_of_another_plan_is_a_conflict(plan: Plan) -> None:
    store, other = MemoryStore(), MemoryStore()
    build_run(store, plan)
    build_run(other, plan.model_copy(update={"seed": 7}))
    key = layout.commit_key("G-2_rooms", 0)
    store.objects[key] = other.objects[key]
    with pytest.raises(OutputConflictError, match="belongs to the plan"):
        finalise(store, plan)


def test_a_missing_data_object_is_refused(plan: Plan) -> None:
    store = MemoryStore()
    key = data_keys(store, build_run(store, plan)[1])[0]
    store.delete(key)
    with pytest.raises(IncompleteRunError, match="it is missing") as error:
        finalise(store, plan)
    assert key in error.value.what


@pytest.mark.parametrize("same_size", [True, False])
def test_a_changed_data_object_is_refused(plan: Plan, same_size: bool) -> None:
    store = MemoryStore()
    key = data_keys(store, build_run(store, plan)[1])[0]
    body = bytearray(store.objects[key])
    body[-1 if same_size else 0 : 0 if not same_size else None] = b"?"
    store.objects[key] = bytes(body)
    with pytest.raises(IncompleteRunError, match="bytes"):
        finalise(store, plan)


def test_rehash_reads_what_a_store_only_claims(plan: Plan) -> None:
    class ClaimingStore(MemoryStore):
        def head(self, key: str):  # type: ignore[no-untyped-def]
            return claims.get(key) or super().head(key)

    store, claims = ClaimingStore(), {}
    key = data_keys(store, build_run(store, plan)[0])[0]
    claims[key] = MemoryStore.head(store, key)
    store.objects[key] = store.objects[key][:-1] + b"?"
    finalise(store, plan)
    with pytest.raises(IncompleteRunError, match="bytes differ"):
        finalise(store, plan, rehash=True)


def test_another_dataset_json_is_not_overwritten(plan: Plan) -> None:
    store = MemoryStore()
    build_run(store, plan)
    put_object(store, layout.DATASET, b"{}")
    with pytest.raises(OutputConflictError, match=r"dataset\.json"):
        finalise(store, plan)
    assert store.objects[layout.DATASET] == b"{}"


def test_an_index_of_other_bytes_but_equal_rows_stands(
    plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = MemoryStore()
    monkeypatch.setattr(index_module, "ROW_GROUP", 2)
    summary = build_finished_run(store, plan)
    standing = store.objects[layout.INDEX]
    monkeypatch.setattr(index_module, "ROW_GROUP", 3)
    assert finalise(store, plan) == summary
    assert store.objects[layout.INDEX] == standing


@pytest.mark.parametrize("foreign", ["text", "rows"])
def test_an_index_of_another_run_is_a_conflict(plan: Plan, foreign: str) -> None:
    store, other = MemoryStore(), MemoryStore()
    build_run(store, plan)
    build_finished_run(other, plan.model_copy(update={"seed": 7}))
    put_object(store, layout.INDEX, other.objects[layout.INDEX] if foreign == "rows" else b"text")
    with pytest.raises(OutputConflictError, match=r"index\.parquet"):
        finalise(store, plan)


def test_an_unusable_store_ends_finalisation(plan: Plan) -> None:
    class DeadStore(MemoryStore):
        def head(self, key: str) -> ObjectInfo | None:
            raise StorageError(f"unreachable: {key}")

    store = DeadStore()
    build_run(store, plan)
    with pytest.raises(StorageError, match="unreachable"):
        finalise(store, plan)


def test_failed_samples_are_counted_by_reason() -> None:
    plan, store = make_plan({"O-1_maze": 6}), MemoryStore()
    build_run(store, plan, failed=[("O-1_maze", 1), ("O-1_maze", 5)])
    summary = finalise(store, plan)
    assert (summary.samples, summary.failed_samples) == (4, 2)
    assert summary.failures == {"EmptyPrompt": 2}


def test_of_equal_samples_the_first_in_plan_and_index_order_is_the_original() -> None:
    plan, store = make_plan({"O-1_maze": 6, "G-2_maze": 2}), MemoryStore()

    def same(index: int, files: dict[str, bytes]) -> None:
        if index in (1, 4):
            files |= {name: b"same" for name in files if name != "metadata.json"}

    build_run(store, plan, change=same)  # equal: maze 1, maze 4, and G-2's maze 1
    summary = finalise(store, plan)
    assert summary.duplicates == 2
    assert [one.duplicates for one in summary.generators] == [1, 1]
    assert [(one.sample, one.original) for one in summary.duplicate_examples] == [
        ("O-1_maze/maze_00000004", "O-1_maze/maze_00000001"),
        ("G-2_maze/maze_00000001", "O-1_maze/maze_00000001"),
    ]


def test_dataset_json_tells_no_attempt(finished: MemoryStore, plan: Plan) -> None:
    other = MemoryStore()
    build_run(other, plan)
    for key in [key for key in other.objects if key.startswith(layout.COMMITS)]:
        other.objects[key] = change_marker(
            other.objects[key],
            lambda head, _: head["attempt"].update(seconds=9.5, host="elsewhere", number=3),
        )
    finish(other, plan)
    assert other.objects[layout.DATASET] == finished.objects[layout.DATASET]
    assert other.objects[layout.INDEX] == finished.objects[layout.INDEX]


def test_the_index_has_one_row_a_sample_that_leads_to_its_bytes(
    finished: MemoryStore, plan: Plan
) -> None:
    rows = pq.read_table(BytesIO(finished.objects[layout.INDEX])).to_pylist()
    assert [(row["generator"], row["index"]) for row in rows] == [
        *(("O-1_maze", index) for index in range(5)),
        *(("G-2_rooms", index) for index in range(3)),
    ]
    for row in rows:
        manifest = read_head(finished, row["generator"], row["shard"])
        samples = samples_of(finished, manifest)
        sample = next(one for one in samples if one.index == row["index"])
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


def test_records_are_observed_in_plan_order(plan: Plan) -> None:
    store, seen = MemoryStore(), []
    build_run(store, plan)
    finalise(store, plan, observe=lambda shard, one: seen.append((shard.generator, one.index)))
    assert seen == [*(("O-1_maze", at) for at in range(5)), *(("G-2_rooms", at) for at in range(3))]


def test_finalising_archives_takes_two_requests_a_shard() -> None:
    store, plan = MemoryStore(), make_plan({"O-1_maze": 40})
    build_run(store, plan)
    store.requests.clear()
    finalise(store, plan)
    assert store.requests == {"list": 1, "get_range": 10, "head": 10, "put_new": 2}


def test_without_success_there_is_no_summary(finished: MemoryStore) -> None:
    finished.delete(layout.SUCCESS)
    assert load_summary(finished) is None
