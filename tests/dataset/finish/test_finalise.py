"""Finalisation of complete runs: the same end state wherever it is interrupted."""

from pathlib import Path

import pytest

from support.builders import build_run, make_plan, put_object
from support.markers import change_marker, data_keys
from support.memorystore import MemoryStore
from vrdata.dataset import layout
from vrdata.dataset.finish.shards import IncompleteRunError
from vrdata.dataset.finish.summary import DatasetSummary, SummaryBuilder, load_summary
from vrdata.dataset.outputs import succeed, summarise
from vrdata.errors import OutputConflictError
from vrdata.plan.planned import Plan
from vrdata.store.port import ObjectInfo, StorageError


class Killed(BaseException):
    """Stands for a killed process."""


class MortalStore(MemoryStore):
    """Kills the process before its n-th write."""

    def __init__(self, writes: int) -> None:
        super().__init__()
        self.writes = writes

    def put_new(self, key: str, body: bytes | Path, *, sha256: str, content_type: str = "") -> bool:
        if self.writes == 0:
            raise Killed
        self.writes -= 1
        return super().put_new(key, body, sha256=sha256, content_type=content_type)


def finalise(store: MemoryStore, plan: Plan, *, detect: bool = False) -> DatasetSummary:
    return summarise(store, plan, detect=detect)[0]


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
        len(body) for key, body in finished.objects.items() if key.startswith(layout.DATA)
    )
    assert finished.objects[layout.SUCCESS].decode().strip() == summary.dataset_hash
    assert summary.plan == plan.hash


def test_the_summary_names_the_commits_of_the_plan(plan: Plan) -> None:
    first, second = plan.generators
    known = first.model_copy(update={"commit": "0" * 40})
    with SummaryBuilder(plan.model_copy(update={"generators": (known, second)})) as builder:
        one, other = builder.finish().to_dict()["generators"]
    assert one["commit"] == "0" * 40
    assert "commit" not in other


def test_finalising_again_changes_nothing(finished: MemoryStore, plan: Plan) -> None:
    before = dict(finished.objects)
    finish(finished, plan)
    assert finished.objects == before


def test_finalisation_that_is_killed_at_any_write_can_be_repeated(
    finished: MemoryStore, plan: Plan
) -> None:
    for writes in range(4):
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
    with pytest.raises(IncompleteRunError, match=r"1 shard not committed.*O-1_maze 1"):
        finalise(store, plan)
    assert layout.DATASET not in store.objects


@pytest.mark.parametrize("key", [("O-1_maze", 2), ("O-9_other", 0)])
def test_a_marker_of_a_shard_outside_the_plan_is_refused(plan: Plan, key: tuple[str, int]) -> None:
    store = MemoryStore()
    build_run(store, plan)
    put_object(store, layout.commit_key(*key), b"{}")
    with pytest.raises(OutputConflictError, match="outside the plan"):
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


def test_detect_mode_reads_the_data_objects(plan: Plan) -> None:
    class ClaimingStore(MemoryStore):
        def head(self, key: str):  # type: ignore[no-untyped-def]
            return claims.get(key) or super().head(key)

    store, claims = ClaimingStore(), {}
    key = data_keys(store, build_run(store, plan)[0])[0]
    claims[key] = MemoryStore.head(store, key)
    at = store.objects.modified[key]
    store.objects[key] = store.objects[key][:-1] + b"?"
    store.objects.modified[key] = at
    with pytest.raises(IncompleteRunError, match="bytes differ"):
        finalise(store, plan, detect=True)
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
    (group,) = summary.failure_groups
    assert (group.generator, group.reason, group.samples) == ("O-1_maze", "EmptyPrompt", 2)
    assert (group.example_shard, group.sample, group.message) == (0, 1, "no text")
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


def test_summary_and_index_do_not_depend_on_attempts(finished: MemoryStore, plan: Plan) -> None:
    other = MemoryStore()
    build_run(other, plan)
    for key in [key for key in other.objects if key.startswith(layout.COMMITS)]:
        other.objects[key] = change_marker(
            other.objects[key],
            lambda head, _: head["attempt"].update(seconds=9.5, host="elsewhere", number=3),
        )
    finish(other, plan)
    assert other.objects[layout.DATASET] == finished.objects[layout.DATASET]
    for planned in plan.generators:
        key = layout.index_key(planned.name)
        assert other.objects[key] == finished.objects[key]


def test_finalising_archives_takes_two_requests_a_shard() -> None:
    store, plan = MemoryStore(), make_plan({"O-1_maze": 40})
    build_run(store, plan)
    store.requests.clear()
    finalise(store, plan)
    requests = store.requests
    assert (requests["head"], requests["put_new"]) == (10, 3)
    assert requests["get_range"] <= 10 + 20  # the markers, and the index that is read back
    assert requests["list"] <= 7


def test_without_success_there_is_no_summary(finished: MemoryStore) -> None:
    finished.delete(layout.SUCCESS)
    assert load_summary(finished) is None
