"""Whether a failed shard is retried. Pure.

Local runs and the operator decide with the same table: `Recurs` of each reason. The worker knows
whether the generator is seeded, so it writes the answer into the failure record.
"""

from __future__ import annotations

from enum import StrEnum

from vrdata.contract.reasons import FailureReason
from vrdata.contract.recurs import Recurs


class Retry(StrEnum):
    """What another attempt of a shard can change."""

    USEFUL = "Useful"  # it may succeed
    DROPPING = "Dropping"  # the same samples fail again: it succeeds only without them
    USELESS = "Useless"  # it fails in the same way


def retry_of(reason: FailureReason, *, seeded: bool, of_samples: bool) -> Retry:
    """What another attempt can change.

    Args:
        reason: of the failure.
        seeded: the generator gives the same block for the same seed.
        of_samples: the failures are of samples, which a shard can drop within the failure policy.
    """
    if reason.recurs is Recurs.ALWAYS:
        return Retry.USELESS
    if reason.recurs in {Recurs.MAYBE, Recurs.OUTSIDE} or not seeded:
        return Retry.USEFUL
    return Retry.DROPPING if of_samples else Retry.USELESS


def is_retried(reason: FailureReason, retry: Retry, *, allowed: int, budget: int) -> bool:
    """Whether a shard with attempts left is retried.

    Args:
        reason: of the failure.
        retry: what another attempt can change.
        allowed: failed samples that the failed attempt was allowed to drop.
        budget: `failurePolicy.maxFailedSamples`.
    """
    if reason.recurs is Recurs.ALWAYS:
        return False
    return retry is Retry.USEFUL or (retry is Retry.DROPPING and allowed < budget)
