"""The next attempt after a failed one, by the policy that the operator applies to waves. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from vrdata.contract.attempts import is_exhausted, retry_after
from vrdata.contract.reasons import FailureReason
from vrdata.contract.records import Failure
from vrdata.contract.retries import Retry, is_retried
from vrdata.contract.worker import ShardTask

MEMORY_STEP = 2  # each attempt after out of memory doubles the limit
MAX_USELESS = 3  # uncharged attempts that no wait can help, for example on a full disk


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Limits of attempts, memory and failed samples.

    Attributes:
        retries: attempts after the first.
        max_failed_samples: failed samples that the run can drop.
        memory_bytes: a child's first limit; 0 = no limit.
        memory_ceiling: the largest limit.
    """

    retries: int
    max_failed_samples: int
    memory_bytes: int = 0
    memory_ceiling: int = 0


def next_attempt(
    task: ShardTask, failure: Failure, policy: RetryPolicy, previous: Failure | None = None
) -> ShardTask | None:
    """The task to queue after a failure, or None when the shard has failed for good.

    Args:
        task: that failed.
        failure: why.
        policy: of its generator.
        previous: the last charged failure of the shard before this one.
    """
    attempt = task.attempt + 1
    if not failure.reason.charged:
        uncharged = task.uncharged + 1
        if is_exhausted(uncharged) or (failure.retry is Retry.USELESS and uncharged >= MAX_USELESS):
            return None
        return task.model_copy(update={"attempt": attempt, "uncharged": uncharged})
    charged = attempt - task.uncharged
    if charged > policy.retries:
        return None
    limit = task.memory_bytes or policy.memory_bytes
    memory = limit
    if failure.reason is FailureReason.OUT_OF_MEMORY and limit:
        memory = min(limit * MEMORY_STEP, max(policy.memory_ceiling, limit))
    retry = retry_after(failure, previous, more_memory=memory > limit)
    allowed, budget = task.allow_failed_samples, policy.max_failed_samples
    if not is_retried(failure.reason, retry, allowed=allowed, budget=budget):
        return None
    drops = charged == policy.retries or task.repair or retry is Retry.DROPPING
    return task.model_copy(
        update={
            "attempt": attempt,
            "memory_bytes": memory,
            "allow_failed_samples": budget if drops else 0,
        }
    )


def first_attempt(
    generator: str, shard: int, policy: RetryPolicy, *, repair: bool = False
) -> ShardTask:
    """The first task of a shard; without retries it is also the last.

    A repair can always drop failed samples: the attempt that committed the shard may have too.
    """
    return ShardTask(
        generator=generator,
        shard=shard,
        memory_bytes=policy.memory_bytes,
        allow_failed_samples=policy.max_failed_samples if policy.retries == 0 or repair else 0,
        repair=repair,
    )
