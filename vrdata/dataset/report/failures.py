"""Failures of a run for its report: failed samples, and failed attempts at missing shards."""

from __future__ import annotations

from vrdata.contract.groups import FailureGroups
from vrdata.contract.reasons import FailureReason
from vrdata.contract.records import Failure, FailureRecord
from vrdata.dataset import layout
from vrdata.plan.planned import Plan, Shard
from vrdata.store.port import ObjectStore

SHOWN = 100  # groups on the page
MAX_RECORDS = 500
MAX_RECORD_BYTES = 256 * 1024


def add_failed_attempts(
    groups: FailureGroups, store: ObjectStore, plan: Plan, committed: set[Shard]
) -> None:
    """Count the records of failed attempts at shards that are not committed.

    At most MAX_RECORDS records are read. A damaged record is counted as Unknown.

    Raises:
        StorageError: the store cannot be used.
    """
    known = {planned.name for planned in plan.generators}
    read = 0
    for info in store.list_after(layout.FAILURES):
        try:
            shard, attempt = layout.parse_failure_key(info.key)
        except ValueError:
            continue
        if shard.generator not in known or shard in committed:
            continue
        body = store.get_range(info.key, 0, MAX_RECORD_BYTES)
        groups.add(_record(body, shard, attempt), "attempts")
        read += 1
        if read >= MAX_RECORDS:
            return


def _record(body: bytes, shard: Shard, attempt: int) -> FailureRecord:
    try:
        return FailureRecord.read(body, shard, attempt)
    except ValueError:
        failure = Failure(reason=FailureReason.UNKNOWN, message="the failure record is damaged")
        return failure.of(shard, attempt)
