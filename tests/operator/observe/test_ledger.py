"""The ledger: each marker is read once and counted once; a restart reads all of them again."""

from __future__ import annotations

import json

import pytest

from support.lives import small_plan
from support.markers import change_marker
from support.memorystore import MemoryStore
from support.objects import put
from support.operator.fakeoutputs import commit
from support.operator.ledgers import PLAN, Counted, job, wave
from vrdata.contract.records import DifferenceRecord
from vrdata.dataset import layout
from vrdata.errors import InvalidInputError, OutputConflictError
from vrdata.plan.planned import Shard
from vrdata_operator.observe.output.finished import Outputs
from vrdata_operator.state.facts import JobFacts, PodFacts


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


def test_markers_are_summed_by_class_and_reported_once(store: MemoryStore) -> None:
    found = Counted(store)
    for shard in (("O-a", 0), ("O-a", 1), ("G-b", 0)):
        commit(store, PLAN, shard)
        found.refresh()
    found.refresh()
    assert found.ledger.commits.shards == {("O-a", 0), ("O-a", 1), ("G-b", 0)}
    totals = found.ledger.commits.totals["O"]
    assert (totals.shards, totals.samples, totals.bytes, totals.cpu_seconds) == (2, 2, 200, 3.0)
    assert found.ledger.commits.totals["G"].shards == 1
    assert set(found.commits.values()) == {1}


def test_a_marker_is_read_once_in_a_process(store: MemoryStore) -> None:
    found = Counted(store)
    commit(store, PLAN, ("O-a", 0))
    found.refresh()
    before = store.requests["get_range"]
    found.refresh()
    assert store.requests["get_range"] == before


def test_another_process_finds_the_same(store: MemoryStore) -> None:
    put(store, layout.wave_key(0), wave(0, ("O-a", 0), ("O-a", 1)).to_json())
    commit(store, PLAN, ("O-a", 0))
    first, second = Counted(store), Counted(store)
    first.refresh()
    second.refresh()
    assert first.ledger.commits.shards == second.ledger.commits.shards
    assert first.ledger.commits.totals == second.ledger.commits.totals
    assert first.ledger.waves == second.ledger.waves
    assert first.commits == second.commits


def test_markers_that_the_first_listing_finds_are_known_and_not_counted_again(
    store: MemoryStore,
) -> None:
    put(store, layout.wave_key(0), wave(0, ("O-a", 0), ("O-a", 1), run="earlier").to_json())
    put(store, layout.wave_key(1), wave(1, ("O-a", 1), attempt=1).to_json())
    commit(store, PLAN, ("O-a", 0), attempt=0)
    commit(store, PLAN, ("O-a", 1), attempt=1)
    found = Counted(store)
    found.refresh()
    assert found.ledger.commits.shards == {("O-a", 0), ("O-a", 1)}
    assert not found.commits
    commit(store, PLAN, ("O-a", 2), attempt=1)
    found.refresh()
    assert found.commits == {("O", "O-a", 2): 1}


def test_a_marker_of_another_plan_is_a_conflict(store: MemoryStore) -> None:
    commit(store, PLAN.model_copy(update={"seed": 2}), ("O-a", 0))
    with pytest.raises(OutputConflictError, match="another plan"):
        Counted(store).refresh()


def test_a_marker_of_an_unknown_generator_is_a_conflict(store: MemoryStore) -> None:
    other = small_plan(O_other=1)
    commit(store, other, ("O-other", 0))
    key = layout.commit_key("O-other", 0)
    body = change_marker(store.get(key), lambda head, _records: head.update(plan=PLAN.hash))
    store.delete(key)
    put(store, key, body)
    with pytest.raises(OutputConflictError, match="O-other"):
        Counted(store).refresh()


def test_a_wave_of_another_plan_is_a_conflict(store: MemoryStore) -> None:
    other = wave(0, ("O-a", 0)).model_copy(update={"plan": "sha256:other"})
    put(store, layout.wave_key(0), other.to_json())
    with pytest.raises(OutputConflictError, match="another plan"):
        Counted(store).refresh()


def test_a_wave_whose_file_was_lost_has_no_shards_and_keeps_its_number(store: MemoryStore) -> None:
    put(store, layout.wave_key(1), wave(1, ("O-a", 0)).to_json())
    found = Counted(store)
    found.refresh(job(2))
    assert [(one.wave, one.size) for one in found.ledger.waves] == [(0, 0), (1, 1), (2, 0)]
    assert {one.run for one in found.ledger.waves} == {"run"}


@pytest.mark.parametrize("key", [layout.PLAN, layout.wave_key(0), layout.wave_key(1)])
@pytest.mark.parametrize("damage", ["deleted", "torn"])
def test_a_known_file_is_written_again_when_a_job_shows_a_failure(
    store: MemoryStore, key: str, damage: str
) -> None:
    put(store, layout.PLAN, PLAN.to_json())
    for number in range(2):
        put(store, layout.wave_key(number), wave(number, ("O-a", number)).to_json())
    found = Counted(store)
    found.refresh(job())
    body = store.objects[key]
    store.delete(key)
    if damage == "torn":
        put(store, key, body[:20])
    found.read(job(failed=frozenset({0})))
    assert store.objects[key] == body


def test_a_damaged_marker_and_a_new_damaged_wave_are_named(store: MemoryStore) -> None:
    put(store, layout.wave_key(0), b"{")
    with pytest.raises(InvalidInputError, match=r"waves/0000\.json in .* is damaged"):
        Counted(store).refresh()
    damaged = MemoryStore()
    put(damaged, layout.commit_key("O-a", 0), b"{}")
    with pytest.raises(InvalidInputError, match="damaged"):
        Counted(damaged).refresh()


def test_the_dataset_hash_is_that_of_whole_outputs(store: MemoryStore) -> None:
    found = Outputs(store, PLAN)
    summary = {"datasetHash": "sha256:x", "samples": 5, "duplicates": 2, "plan": PLAN.hash}
    put(store, layout.DATASET, json.dumps(summary).encode())
    put(store, layout.SUCCESS, b"sha256:x\n")
    put(store, layout.index_key("O-a"), b"")
    found.read()
    assert found.dataset_hash == ""
    put(store, layout.index_key("G-b"), b"")
    found.read()
    assert (found.dataset_hash, found.duplicates) == ("sha256:x", 2)
    store.objects[layout.SUCCESS] = b"sha256:y\n"
    found.read()
    assert (found.dataset_hash, found.duplicates) == ("", 0)


def test_a_marker_that_was_deleted_is_not_remembered_after_a_job_of_finalisation(
    store: MemoryStore,
) -> None:
    for shard in PLAN.all_shards():
        commit(store, PLAN, shard)
    put(store, layout.wave_key(0), wave(0, *PLAN.all_shards()).to_json())
    ended = job(finished=True, completed=frozenset(range(5)))
    found = Counted(store)
    assert found.refresh(ended)
    store.delete(layout.commit_key("O-a", 1))
    assert found.read(ended)
    assert found.ledger.commits.all_known
    final = JobFacts("final", "finalise", finished=True, succeeded=True)
    found.ledger.finals = frozenset({"final"})
    found.read(ended, final)
    assert list(found.ledger.commits.missing) == [("O-a", 1)]
    assert found.ledger.commits.totals["O"].shards == 2


def test_each_shard_that_was_generated_with_other_bytes_is_reported_once(
    store: MemoryStore,
) -> None:
    found = Counted(store)
    found.refresh()
    for attempt in (0, 1):
        record = DifferenceRecord(
            generator="G-b", shard=1, attempt=attempt, object="shards/G-b/one.tar"
        )
        put(store, layout.difference_key("G-b", 1, attempt), record.to_json())
    found.refresh()
    found.refresh()
    assert found.ledger.differences.objects == {("G-b", 1): "shards/G-b/one.tar"}
    assert found.differences == ["G"]


def test_a_damaged_record_of_a_difference_blocks_no_run(store: MemoryStore) -> None:
    damaged = layout.difference_key("O-a", 0, 0)
    for key in (f"{layout.DIFFERENCES}O-a/.DS_Store", layout.difference_key("O-gone", 0, 0)):
        put(store, key, b"anything")
    put(store, damaged, b"{}")
    found = Counted(store)
    found.refresh()
    assert found.ledger.differences.objects == {("O-a", 0): damaged}


def record(store: MemoryStore, attempt: int, body: bytes) -> None:
    put(store, layout.failure_key("O-a", 0, attempt), body)


def test_each_failed_attempt_is_explained_and_reported_once(store: MemoryStore) -> None:
    found = Counted(store)
    for attempt, reason in enumerate(("InvalidOutput", "SampleTimeout")):
        one = wave(attempt, ("O-a", 0), attempt=attempt)
        record(store, attempt, json.dumps({"reason": reason, "run": "run"}).encode())
        found.explain(one, [0], {})
        found.explain(one, [0], {})
    assert found.failures == [("O", "InvalidOutput", 0), ("O", "SampleTimeout", 1)]
    assert found.ledger.failures.by_shard["O-a", 0].reason == "SampleTimeout"


def test_out_of_memory_from_the_kubelet_overrides_a_record(store: MemoryStore) -> None:
    record(store, 0, b'{"reason": "GeneratorFailed", "run": "run"}')
    found = Counted(store)
    killed = PodFacts("p", "j", 0, phase="Failed", terminated="OOMKilled")
    found.explain(wave(0, ("O-a", 0)), [0], {0: killed})
    assert found.failures == [("O", "OutOfMemory", 0)]


@pytest.mark.parametrize("run", ["", "earlier"])
def test_a_failure_record_of_another_run_is_ignored(store: MemoryStore, run: str) -> None:
    """A local run, or a deleted object of the same name, failed here before."""
    record(store, 0, json.dumps({"reason": "InvalidOutput", "run": run}).encode())
    found = Counted(store)
    found.explain(wave(0, ("O-a", 0)), [0], {})
    assert found.failures == [("O", "Disrupted", 0)]


@pytest.mark.parametrize("body", [b"", b"[1]", b'{"reason": 5}'])
def test_a_damaged_failure_record_does_not_hide_the_termination_message(
    store: MemoryStore, body: bytes
) -> None:
    record(store, 0, body)
    found = Counted(store)
    pod = PodFacts("p", "j", 0, phase="Failed", termination_message='{"reason": "InvalidOutput"}')
    found.explain(wave(0, ("O-a", 0)), [0], {0: pod})
    assert found.ledger.failures.by_shard["O-a", 0].reason == "InvalidOutput"


def test_an_attempt_without_any_message_is_unknown_and_a_committed_shard_is_no_failure(
    store: MemoryStore,
) -> None:
    one = wave(0, ("O-a", 0), ("O-a", 1))
    put(store, layout.wave_key(0), one.to_json())
    commit(store, PLAN, ("O-a", 1))
    found = Counted(store)
    found.refresh()
    ended = job(finished=True, failed=frozenset({0, 1}))
    assert found.refresh(ended)
    assert found.ledger.unexplained({ended.name: ended}) == [(one, [0])]
    found.explain(one, [0], {})
    assert found.ledger.unexplained({ended.name: ended}) == []
    assert found.failures == [("O", "Disrupted", 0)]
    assert "no termination message" in found.ledger.failures.by_shard[Shard("O-a", 0)].message
