"""Failure records for tests, in one line."""

from __future__ import annotations

from vrdata.contract.reasons import FailureReason
from vrdata.contract.records import Failure, FailureRecord
from vrdata.plan.planned import Shard


def failed_attempt(
    shard: tuple[str, int],
    attempt: int,
    reason: FailureReason,
    message: str = "",
    sample: int | None = None,
    run: str = "",
) -> FailureRecord:
    """The record of a failed attempt."""
    failure = Failure(reason=reason, message=message, sample=sample)
    return failure.of(Shard(*shard), attempt, run)
