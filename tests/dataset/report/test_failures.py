"""Failures that the report counts: failed samples, and attempts at missing shards."""

import hashlib
import json

from support.builders import make_plan
from support.memorystore import MemoryStore
from vrdata.contract.groups import FailureGroups
from vrdata.contract.records import MAX_TRACEBACK_BYTES
from vrdata.dataset.checks.dropped import add_failed_sample
from vrdata.dataset.layout import FAILURES, failure_key
from vrdata.dataset.manifest import FailedSample
from vrdata.dataset.report import failures
from vrdata.dataset.report.failures import add_failed_attempts
from vrdata.plan.planned import Shard

PLAN = make_plan({"O-a": 20, "G-b": 4})


def put(store: MemoryStore, key: str, body: bytes) -> None:
    store.put_new(key, body, sha256=hashlib.sha256(body).hexdigest())


def record(reason: str, message: str, sample: int | None = None, traceback: str = "") -> bytes:
    facts = {"reason": reason, "message": message, "sample": sample, "traceback": traceback}
    return json.dumps(facts).encode()


def test_attempts_at_shards_that_are_not_committed_are_counted() -> None:
    store = MemoryStore()
    put(store, failure_key("O-a", 0, 1), record("OutOfMemory", "committed later"))
    put(store, failure_key("O-a", 1, 1), record("GeneratorFailed", "boom", 5, "x.py, line 7"))
    put(store, failure_key("O-a", 1, 2), record("GeneratorFailed", "boom", 5))
    put(store, failure_key("X-unknown", 1, 1), record("GeneratorFailed", "not of this run"))
    put(store, f"{FAILURES}O-a/.DS_Store", b"anything")
    groups = FailureGroups()
    add_failed_attempts(groups, store, PLAN, {Shard("O-a", 0)})
    (group,), _ = groups.largest(failures.SHOWN)
    assert (group.generator, group.reason, group.unit) == ("O-a", "GeneratorFailed", "attempts")
    assert (group.count, group.sample, group.message) == (2, 5, "boom")
    assert group.traceback == "x.py, line 7"


def test_the_traceback_of_a_failed_sample_is_kept_and_shortened() -> None:
    failed = FailedSample(index=1, reason="GeneratorFailed", traceback="x" * 10_000)
    groups = FailureGroups()
    add_failed_sample(groups, Shard("O-a", 0), failed)
    (group,), _ = groups.largest(failures.SHOWN)
    assert (group.unit, group.sample) == ("samples", 1)
    assert group.traceback == "x" * MAX_TRACEBACK_BYTES


def test_a_damaged_record_is_counted_and_is_not_an_error() -> None:
    store = MemoryStore()
    for attempt, body in enumerate([b"{", b"[]", b"\xff", b'{"sample": "no"}'], start=1):
        put(store, failure_key("O-a", 0, attempt), body)
    groups = FailureGroups()
    add_failed_attempts(groups, store, PLAN, set())
    (group,), _ = groups.largest(failures.SHOWN)
    assert (group.reason, group.count, group.sample) == ("Unknown", 4, None)
    assert "damaged" in group.message


def test_no_more_records_are_read_than_the_limit() -> None:
    store = MemoryStore()
    for attempt in range(failures.MAX_RECORDS + 20):
        put(store, failure_key("O-a", 0, attempt), record("OutOfMemory", "m"))
    groups = FailureGroups()
    add_failed_attempts(groups, store, PLAN, set())
    assert groups.largest(failures.SHOWN)[0][0].count == failures.MAX_RECORDS
    assert store.requests["get_range"] == failures.MAX_RECORDS
