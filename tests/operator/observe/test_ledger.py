"""What the store says of a run: read once, counted once, rebuilt by reading again."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from support.fakeworkers import commit
from support.lives import small_plan
from support.memorystore import MemoryStore
from support.objects import put
from vrdata.dataset import layout
from vrdata.dataset.manifest import ShardManifest
from vrdata.errors import InvalidInputError, OutputConflictError
from vrdata.plan.waves import Wave, to_spans
from vrdata_operator.observe.ledger import Ledger
from vrdata_operator.state.facts import Failure, PodFacts

PLAN = small_plan(O_a=3, G_b=2)


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
    """A ledger and what it told of."""

    def __init__(self, store: MemoryStore) -> None:
        self.commits: Counter[tuple[str, str, int]] = Counter()
        self.failures: list[tuple[str, str, int]] = []
        self.differences: list[str] = []
        self.ledger = Ledger(store, PLAN, "run", self)

    def shard_committed(self, generator_class: str, manifest: ShardManifest) -> None:
        self.commits.update([(generator_class, manifest.generator, manifest.shard)])

    def shard_failed(self, generator_class: str, failure: Failure) -> None:
        self.failures.append((generator_class, failure.reason, failure.attempt))

    def shard_differed(self, generator_class: str) -> None:
        self.differences.append(generator_class)


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


def test_markers_are_summed_by_class_and_told_once(store: MemoryStore) -> None:
    found = Counted(store)
    for shard in (("O-a", 0), ("O-a", 1), ("G-b", 0)):
        commit(store, PLAN, shard)
        found.ledger.refresh()
    found.ledger.refresh()
    assert found.ledger.committed == {("O-a", 0), ("O-a", 1), ("G-b", 0)}
    totals = found.ledger.totals["O"]
    assert (totals.shards, totals.samples, totals.bytes, totals.cpu_seconds) == (2, 2, 200, 3.0)
    assert found.ledger.totals["G"].shards == 1
    assert set(found.commits.values()) == {1}


def test_a_marker_is_read_once_in_a_process(store: MemoryStore) -> None:
    found = Counted(store)
    commit(store, PLAN, ("O-a", 0))
    found.ledger.refresh()
    before = store.requests["get"]
    found.ledger.refresh()
    assert store.requests["get"] == before


def test_another_process_finds_the_same(store: MemoryStore) -> None:
    put(store, layout.wave_key(0), wave(0, ("O-a", 0), ("O-a", 1)).to_json())
    commit(store, PLAN, ("O-a", 0))
    first, second = Counted(store), Counted(store)
    first.ledger.refresh()
    second.ledger.refresh()
    assert first.ledger.committed == second.ledger.committed
    assert first.ledger.totals == second.ledger.totals
    assert first.ledger.waves == second.ledger.waves
    assert first.commits == second.commits


def test_markers_of_an_earlier_object_are_known_and_not_counted_again(store: MemoryStore) -> None:
    put(store, layout.wave_key(0), wave(0, ("O-a", 0), ("O-a", 1), run="earlier").to_json())
    put(store, layout.wave_key(1), wave(1, ("O-a", 1), attempt=1).to_json())
    commit(store, PLAN, ("O-a", 0), attempt=0)
    commit(store, PLAN, ("O-a", 1), attempt=1)
    found = Counted(store)
    found.ledger.refresh()
    assert found.ledger.committed == {("O-a", 0), ("O-a", 1)}
    assert list(found.commits) == [("O", "O-a", 1)]


def test_a_marker_of_another_plan_is_a_conflict(store: MemoryStore) -> None:
    commit(store, PLAN.model_copy(update={"seed": 2}), ("O-a", 0))
    with pytest.raises(OutputConflictError, match="another plan"):
        Counted(store).ledger.refresh()


def test_a_marker_of_a_generator_that_the_plan_has_not_is_a_conflict(store: MemoryStore) -> None:
    other = small_plan(O_other=1)
    commit(store, other, ("O-other", 0))
    key = layout.commit_key("O-other", 0)
    marker = json.loads(store.get(key)) | {"plan": PLAN.hash}
    store.delete(key)
    put(store, key, json.dumps(marker).encode())
    with pytest.raises(OutputConflictError, match="O-other"):
        Counted(store).ledger.refresh()


def test_a_wave_of_another_plan_is_a_conflict(store: MemoryStore) -> None:
    other = wave(0, ("O-a", 0)).model_copy(update={"plan": "sha256:other"})
    put(store, layout.wave_key(0), other.to_json())
    with pytest.raises(OutputConflictError, match="another plan"):
        Counted(store).ledger.refresh()


def test_a_gap_in_the_waves_and_a_damaged_marker_are_named(store: MemoryStore) -> None:
    put(store, layout.wave_key(1), wave(1, ("O-a", 0)).to_json())
    with pytest.raises(InvalidInputError, match=r"0000\.json is missing"):
        Counted(store).ledger.refresh()
    damaged = MemoryStore()
    put(damaged, layout.commit_key("O-a", 0), b"{}")
    with pytest.raises(InvalidInputError, match="damaged"):
        Counted(damaged).ledger.refresh()


def test_the_datasets_hash_is_believed_only_with_the_last_object(store: MemoryStore) -> None:
    found = Counted(store)
    put(store, layout.DATASET, b'{"datasetHash": "sha256:x", "samples": 5}')
    found.ledger.finished()
    assert found.ledger.dataset_hash == ""
    put(store, layout.SUCCESS, b"")
    found.ledger.finished()
    assert found.ledger.dataset_hash == "sha256:x"


def test_each_shard_that_was_made_with_other_bytes_is_told_once(store: MemoryStore) -> None:
    found = Counted(store)
    for attempt in (0, 1):
        body = json.dumps({"object": "shards/G-b/one.tar", "attempt": attempt}).encode()
        put(store, layout.difference_key("G-b", 1, attempt), body)
    found.ledger.refresh()
    found.ledger.refresh()
    assert found.ledger.differences.objects == {("G-b", 1): "shards/G-b/one.tar"}
    assert found.differences == ["G"]


def test_what_is_no_record_of_a_difference_holds_no_run_up(store: MemoryStore) -> None:
    damaged = layout.difference_key("O-a", 0, 0)
    for key in (f"{layout.DIFFERENCES}O-a/.DS_Store", layout.difference_key("O-gone", 0, 0)):
        put(store, key, b"anything")
    put(store, damaged, b"{}")
    found = Counted(store)
    found.ledger.refresh()
    assert found.ledger.differences.objects == {("O-a", 0): damaged}
    assert found.differences == ["O"]


def record(store: MemoryStore, attempt: int, body: bytes) -> None:
    put(store, layout.failure_key("O-a", 0, attempt), body)


def test_each_failed_attempt_is_explained_and_told_once(store: MemoryStore) -> None:
    found = Counted(store)
    for attempt, reason in enumerate(("InvalidOutput", "SampleTimeout")):
        one = wave(attempt, ("O-a", 0), attempt=attempt)
        record(store, attempt, json.dumps({"reason": reason, "run": "run"}).encode())
        found.ledger.explain(one, [0], {})
        found.ledger.explain(one, [0], {})
    assert found.failures == [("O", "InvalidOutput", 0), ("O", "SampleTimeout", 1)]
    assert found.ledger.failures["O-a", 0].reason == "SampleTimeout"


def test_the_kubelets_word_on_memory_wins_over_a_record(store: MemoryStore) -> None:
    record(store, 0, b'{"reason": "GeneratorFailed", "run": "run"}')
    found = Counted(store)
    killed = PodFacts("p", "j", 0, phase="Failed", terminated="OOMKilled")
    found.ledger.explain(wave(0, ("O-a", 0)), [0], {0: killed})
    assert found.failures == [("O", "OOMKilled", 0)]


@pytest.mark.parametrize("run", ["", "earlier"])
def test_a_record_of_another_run_in_the_same_place_says_nothing(
    store: MemoryStore, run: str
) -> None:
    """A local run, or a deleted object of the same name, failed here before."""
    record(store, 0, json.dumps({"reason": "InvalidOutput", "run": run}).encode())
    found = Counted(store)
    found.ledger.explain(wave(0, ("O-a", 0)), [0], {})
    assert found.failures == [("O", "Unknown", 0)]


@pytest.mark.parametrize("body", [b"", b"[1]", b'{"reason": 5}'])
def test_a_broken_record_never_hides_what_the_pod_said(store: MemoryStore, body: bytes) -> None:
    record(store, 0, body)
    found = Counted(store)
    pod = PodFacts("p", "j", 0, phase="Failed", words='{"reason": "InvalidOutput"}')
    found.ledger.explain(wave(0, ("O-a", 0)), [0], {0: pod})
    assert found.ledger.failures["O-a", 0].reason == "InvalidOutput"


def test_a_shard_that_left_no_word_is_unknown_and_a_committed_one_is_no_failure(
    store: MemoryStore,
) -> None:
    commit(store, PLAN, ("O-a", 1))
    found = Counted(store)
    found.ledger.refresh()
    found.ledger.explain(wave(0, ("O-a", 0), ("O-a", 1)), [0, 1], {})
    assert found.failures == [("O", "Unknown", 0)]
    assert "left no word" in found.ledger.failures["O-a", 0].message
