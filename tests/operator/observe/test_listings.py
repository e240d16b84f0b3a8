"""When the ledger lists all markers, when it reads single ones, and how work is cut into slices."""

from __future__ import annotations

import pytest

from support.memorystore import MemoryStore
from support.objects import put
from support.operator.fakeoutputs import commit
from support.operator.ledgers import PLAN, A, Counted, job, wave
from vrdata.dataset import layout
from vrdata.store.port import StorageError
from vrdata_operator.observe import commits
from vrdata_operator.observe.ledger import LIST_SECONDS


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


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
    assert store.requests["list"] == 4  # plan, waves, commit markers and differences
    store.requests.clear()
    assert found.read(job(finished=True))
    assert not store.requests
    assert found.refresh(job(finished=True))
    assert store.requests["list"] == 4


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
    found.refresh()
    for shard in A:
        commit(store, PLAN, shard)
    found.refresh()
    store.delete(layout.commit_key("O-a", 1))
    assert found.refresh()
    assert found.ledger.commits.shards == {("O-a", 0), ("O-a", 2)}
    assert found.ledger.commits.totals["O"].samples == 2
    assert set(found.commits.values()) == {1}


def test_nothing_is_decided_while_the_markers_left_by_a_removal_are_read_again(
    store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commits, "BATCH", 1)
    for shard in A:
        commit(store, PLAN, shard)
    found = Counted(store)
    found.refresh()
    store.delete(layout.commit_key("O-a", 1))
    found.now += LIST_SECONDS
    partial = 0
    while not found.read(seconds=0):
        if found.ledger.commits.shards < {A[0], A[2]}:
            partial += 1
            assert found.ledger.reading is not None
    assert partial
    assert found.ledger.reading is None
    assert found.ledger.commits.shards == {A[0], A[2]}


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


def test_an_index_counts_as_failed_only_after_its_marker_was_searched_for(
    store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commits, "BATCH", 1)
    put(store, layout.wave_key(0), wave(0, *A).to_json())
    found = Counted(store)
    found.refresh(job())
    for shard in A[:2]:
        commit(store, PLAN, shard)
    killed = job(failed=frozenset({0, 1, 2}))
    jobs = {killed.name: killed}
    assert not found.read(killed, seconds=0)
    assert found.ledger.unexplained(jobs) == []
    assert found.read(killed)
    assert [indexes for _, indexes in found.ledger.unexplained(jobs)] == [[2]]


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
