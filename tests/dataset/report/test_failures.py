"""Failures grouped by generator and reason, bounded."""

import hashlib
import json

from support.builders import make_plan
from support.memorystore import MemoryStore
from vrdata.dataset.layout import failure_key
from vrdata.dataset.manifest import FailedSample
from vrdata.dataset.report import failures
from vrdata.dataset.report.failures import FailureGroups, add_failed_attempts

PLAN = make_plan({"O-a": 20, "G-b": 4})


def put(store: MemoryStore, key: str, body: bytes) -> None:
    store.put_new(key, body, sha256=hashlib.sha256(body).hexdigest())


def record(reason: str, message: str, sample: int | None = None, traceback: object = None) -> bytes:
    facts = {"reason": reason, "message": message, "sample": sample, "traceback": traceback}
    return json.dumps(facts).encode()


def test_failures_are_grouped_by_generator_and_reason_with_the_largest_first() -> None:
    groups = FailureGroups()
    groups.add("O-a", "EmptyPrompt", "samples", 3, "no text")
    groups.add("G-b", "SampleTimeout", "samples", 1, "60 s")
    groups.add("G-b", "SampleTimeout", "samples", 2, "61 s")
    shown, more = groups.largest()
    assert more == 0
    assert [(one.generator, one.reason, one.count, one.sample) for one in shown] == [
        ("G-b", "SampleTimeout", 2, 1),
        ("O-a", "EmptyPrompt", 1, 3),
    ]
    assert shown[0].message == "60 s"


def test_only_so_many_groups_are_kept_and_shown() -> None:
    groups = FailureGroups()
    for number in range(2 * failures.MAX_GROUPS):
        groups.add("O-a", f"Reason{number}", "samples", None, "x" * 10_000)
    shown, more = groups.largest()
    assert len(shown) == failures.SHOWN
    assert more == failures.MAX_GROUPS - failures.SHOWN
    assert len(shown[0].message) == failures.MAX_MESSAGE


def test_attempts_at_shards_that_are_not_committed_are_counted() -> None:
    store = MemoryStore()
    put(store, failure_key("O-a", 0, 1), record("OutOfMemory", "committed later"))
    put(store, failure_key("O-a", 1, 1), record("GeneratorFailed", "boom", 5, "x.py, line 7"))
    put(store, failure_key("O-a", 1, 2), record("GeneratorFailed", "boom", 5))
    put(store, failure_key("X-unknown", 1, 1), record("GeneratorFailed", "not of this run"))
    groups = FailureGroups()
    add_failed_attempts(groups, store, PLAN, {("O-a", 0)})
    (group,), _ = groups.largest()
    assert (group.generator, group.reason, group.unit) == ("O-a", "GeneratorFailed", "attempts")
    assert (group.count, group.sample, group.message) == (2, 5, "boom")
    assert group.traceback == "x.py, line 7"


def test_the_traceback_of_a_left_out_sample_is_kept_and_cut() -> None:
    groups = FailureGroups()
    failed = FailedSample(index=1, reason="GeneratorFailed", traceback="x" * 10_000)
    groups.add_sample("O-a", failed)
    (group,), _ = groups.largest()
    assert group.traceback == "x" * (failures.MAX_MESSAGE - 1) + "…"


def test_a_damaged_record_is_counted_and_no_error() -> None:
    store = MemoryStore()
    for attempt, body in enumerate([b"{", b"[]", b"\xff", b'{"sample": "no"}'], start=1):
        put(store, failure_key("O-a", 0, attempt), body)
    groups = FailureGroups()
    add_failed_attempts(groups, store, PLAN, set())
    (group,), _ = groups.largest()
    assert (group.reason, group.count, group.sample) == ("Unreadable", 4, None)


def test_no_more_records_are_read_than_the_limit() -> None:
    store = MemoryStore()
    for attempt in range(failures.MAX_RECORDS + 20):
        put(store, failure_key("O-a", 0, attempt), record("OutOfMemory", "m"))
    groups = FailureGroups()
    add_failed_attempts(groups, store, PLAN, set())
    assert groups.largest()[0][0].count == failures.MAX_RECORDS
    assert store.requests["get_range"] == failures.MAX_RECORDS
