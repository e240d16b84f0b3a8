"""The ledger: each marker is read once and counted once; a restart reads all of them again."""

from __future__ import annotations

import json
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from support.lives import small_plan
from support.markers import change_marker
from support.memorystore import MemoryStore
from support.objects import put
from support.operator.fakeworkers import commit
from vrdata.contract.records import DifferenceRecord, FailureRecord
from vrdata.dataset import layout
from vrdata.dataset.manifest import ShardManifest
from vrdata.errors import InvalidInputError, OutputConflictError
from vrdata.plan.planned import Shard
from vrdata.plan.waves import Wave, to_spans
from vrdata.store.port import StorageError
from vrdata_operator.observe import commits
from vrdata_operator.observe.ledger import LIST_SECONDS, Ledger
from vrdata_operator.state.facts import JobFacts, PodFacts
from vrdata_operator.state.names import wave_job

PLAN = small_plan(O_a=3, G_b=2)
A = [Shard("O-a", number) for number in range(3)]
READERS = ThreadPoolExecutor(2)


def wave(number: int, *shards: tuple[str, int], attempt: int = 0, run: str = "run") -> Wave:
    return Wave(
        plan=PLAN.hash,
        run=run,
        wave=number,
        generator_class="O",
        attempt=attempt,
        memory_bytes=1,
        spans=to_spans(shards),
    )


class Counted:
    """A ledger and what it reported."""

    def __init__(self, store: MemoryStore) -> None:
        self.commits: Counter[tuple[str, str, int]] = Counter()
        self.failures: list[tuple[str, str, int]] = []
        self.differences: list[str] = []
        self.ledger = Ledger(store, PLAN, "run", self, READERS)
        self.now = 0.0

    def refresh(self, *jobs: JobFacts) -> bool:
        """Read again, so much later that a full listing is due."""
        self.now += LIST_SECONDS
        return self.read(*jobs)

    def read(self, *jobs: JobFacts, seconds: float = 60.0) -> bool:
        """Read again at the same time."""
        deadline = time.monotonic() + seconds
        return self.ledger.refresh({job.name: job for job in jobs}, self.now, deadline)

    def explain(self, one: Wave, indexes: list[int], pods: dict[int, PodFacts]) -> None:
        assert self.ledger.failures.explain(one, indexes, pods, time.monotonic() + 60)

    def shard_committed(self, generator_class: str, manifest: ShardManifest) -> None:
        self.commits.update([(generator_class, manifest.generator, manifest.shard)])

    def shard_failed(self, generator_class: str, failure: FailureRecord) -> None:
        self.failures.append((generator_class, failure.reason, failure.attempt))

    def shard_differed(self, generator_class: str) -> None:
        self.differences.append(generator_class)


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


def test_markers_of_an_earlier_object_are_known_and_not_counted_again(store: MemoryStore) -> None:
    put(store, layout.wave_key(0), wave(0, ("O-a", 0), ("O-a", 1), run="earlier").to_json())
    put(store, layout.wave_key(1), wave(1, ("O-a", 1), attempt=1).to_json())
    commit(store, PLAN, ("O-a", 0), attempt=0)
    commit(store, PLAN, ("O-a", 1), attempt=1)
    found = Counted(store)
    found.refresh()
    assert found.ledger.commits.shards == {("O-a", 0), ("O-a", 1)}
    assert list(found.commits) == [("O", "O-a", 1)]


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


def test_a_gap_in_the_waves_and_a_damaged_marker_are_named(store: MemoryStore) -> None:
    put(store, layout.wave_key(1), wave(1, ("O-a", 0)).to_json())
    with pytest.raises(InvalidInputError, match=r"0000\.json is missing"):
        Counted(store).refresh()
    damaged = MemoryStore()
    put(damaged, layout.commit_key("O-a", 0), b"{}")
    with pytest.raises(InvalidInputError, match="damaged"):
        Counted(damaged).refresh()


def test_the_dataset_hash_is_read_only_after_the_last_object_was_written(
    store: MemoryStore,
) -> None:
    found = Counted(store)
    put(store, layout.DATASET, b'{"datasetHash": "sha256:x", "samples": 5}')
    found.ledger.check_success()
    assert found.ledger.dataset_hash == ""
    put(store, layout.SUCCESS, b"")
    found.ledger.check_success()
    assert found.ledger.dataset_hash == "sha256:x"


def test_each_shard_that_was_generated_with_other_bytes_is_reported_once(
    store: MemoryStore,
) -> None:
    found = Counted(store)
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
    assert found.differences == ["O"]


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
    assert found.failures == [("O", "Unknown", 0)]


@pytest.mark.parametrize("body", [b"", b"[1]", b'{"reason": 5}'])
def test_a_damaged_failure_record_does_not_hide_the_termination_message(
    store: MemoryStore, body: bytes
) -> None:
    record(store, 0, body)
    found = Counted(store)
    pod = PodFacts("p", "j", 0, phase="Failed", termination_message='{"reason": "InvalidOutput"}')
    found.explain(wave(0, ("O-a", 0)), [0], {0: pod})
    assert found.ledger.failures.by_shard["O-a", 0].reason == "InvalidOutput"


def job(number: int = 0, **facts: Any) -> JobFacts:
    return JobFacts(wave_job("run", number), "shard", number, **facts)


def test_an_attempt_without_any_message_is_unknown_and_a_committed_shard_is_no_failure(
    store: MemoryStore,
) -> None:
    one = wave(0, ("O-a", 0), ("O-a", 1))
    put(store, layout.wave_key(0), one.to_json())
    commit(store, PLAN, ("O-a", 1))
    found = Counted(store)
    ended = job(finished=True, failed=frozenset({0, 1}))
    assert found.refresh(ended)
    assert found.ledger.unexplained({ended.name: ended}) == [(one, [0])]
    found.explain(one, [0], {})
    assert found.ledger.unexplained({ended.name: ended}) == []
    assert found.failures == [("O", "Unknown", 0)]
    assert "no termination message" in found.ledger.failures.by_shard[Shard("O-a", 0)].message


def test_a_completed_index_is_learned_without_a_listing(store: MemoryStore) -> None:
    put(store, layout.wave_key(0), wave(0, *A).to_json())
    found = Counted(store)
    assert found.refresh(job())
    commit(store, PLAN, ("O-a", 1))
    store.requests.clear()
    assert found.read(job(completed=frozenset({1})))
    assert found.ledger.commits.shards == {("O-a", 1)}
    assert store.requests == {"get_range": 1}
    assert found.read(job(completed=frozenset({1})))
    assert store.requests == {"get_range": 1}


def test_a_failed_index_whose_pod_was_killed_after_its_commit_counts(store: MemoryStore) -> None:
    put(store, layout.wave_key(0), wave(0, *A).to_json())
    found = Counted(store)
    found.refresh(job())
    commit(store, PLAN, ("O-a", 2))
    killed = job(failed=frozenset({2}))
    assert found.read(killed)
    assert found.ledger.commits.shards == {("O-a", 2)}
    assert found.ledger.unexplained({killed.name: killed}) == []


def test_a_completed_index_without_a_marker_is_not_committed(store: MemoryStore) -> None:
    put(store, layout.wave_key(0), wave(0, *A).to_json())
    found = Counted(store)
    found.refresh(job())
    assert found.read(job(completed=frozenset({0, 1, 2})))
    assert not found.ledger.commits.shards
    commit(store, PLAN, ("O-a", 0))
    assert found.refresh(job(completed=frozenset({0, 1, 2})))  # a full listing is due
    assert found.ledger.commits.shards == {("O-a", 0)}


def test_nothing_is_listed_while_no_job_ends_and_no_time_has_passed(store: MemoryStore) -> None:
    put(store, layout.wave_key(0), wave(0, *A).to_json())
    found = Counted(store)
    found.refresh(job())
    store.requests.clear()
    assert found.read(job(active=1))
    assert not store.requests
    assert found.read(job(finished=True))
    assert store.requests["list"] == 2  # commit markers and differences
    store.requests.clear()
    assert found.read(job(finished=True))
    assert not store.requests
    assert found.refresh(job(finished=True))
    assert store.requests["list"] == 3  # wave files, too


def test_a_run_is_complete_only_after_a_listing_of_all_its_markers(store: MemoryStore) -> None:
    shards = [("O-a", 0), ("O-a", 1), ("O-a", 2), ("G-b", 0), ("G-b", 1)]
    put(store, layout.wave_key(0), wave(0, *shards).to_json())
    found = Counted(store)
    found.refresh(job())
    for shard in shards:
        commit(store, PLAN, shard)
    store.requests.clear()
    assert found.read(job(completed=frozenset(range(5))))
    assert store.requests["list"] == 2
    assert found.ledger.commits.all_listed


def test_a_marker_that_was_removed_is_no_longer_committed(store: MemoryStore) -> None:
    found = Counted(store)
    for shard in A:
        commit(store, PLAN, shard)
    found.refresh()
    store.delete(layout.commit_key("O-a", 1))
    assert found.refresh()
    assert found.ledger.commits.shards == {("O-a", 0), ("O-a", 2)}
    assert found.ledger.commits.totals["O"].samples == 2
    assert set(found.commits.values()) == {1}


def test_a_long_reading_is_cut_into_slices_that_each_make_progress(
    store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commits, "BATCH", 1)
    for shard in A:
        commit(store, PLAN, shard)
    found = Counted(store)
    seen = []
    while not found.read(seconds=0):
        assert found.ledger.reading is not None
        seen.append((found.ledger.reading.done, found.ledger.reading.total))
    assert seen == [(0, 5), (0, 5), (0, 5), (1, 3), (2, 3)]  # keys, then markers
    assert found.ledger.reading is None
    assert found.ledger.commits.shards == set(A)


def test_many_completed_indexes_are_read_in_slices_and_delay_no_decision(
    store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commits, "BATCH", 1)
    put(store, layout.wave_key(0), wave(0, *A).to_json())
    found = Counted(store)
    found.refresh(job())
    for shard in A:
        commit(store, PLAN, shard)
    done = job(completed=frozenset({0, 1, 2}))
    assert not found.read(done, seconds=0)
    assert found.ledger.commits.shards == {("O-a", 0)}
    assert found.ledger.reading is None
    assert found.read(done)
    assert found.ledger.commits.shards == set(A)


def test_a_failed_listing_starts_again(store: MemoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    commit(store, PLAN, ("O-a", 0))
    found = Counted(store)
    with monkeypatch.context() as patch:
        patch.setattr(store, "get_range", _unavailable)
        with pytest.raises(StorageError):
            found.read()
    assert found.read()
    assert found.ledger.commits.shards == {("O-a", 0)}


def _unavailable(_key: str, _start: int, _length: int) -> bytes:
    raise StorageError("no answer")
