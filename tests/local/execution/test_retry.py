"""Attempts after a failure: how many, with how much memory."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vrdata.contract.attempts import MAX_UNCHARGED
from vrdata.contract.reasons import FailureReason
from vrdata.contract.records import Failure
from vrdata.contract.recurs import Recurs
from vrdata.contract.retries import Retry
from vrdata.contract.worker import ShardTask
from vrdata.local.execution.retry import RetryPolicy, first_attempt, next_attempt

MIB = 1024 * 1024
GIB = 1024 * MIB


def failure(reason: FailureReason, retry: Retry = Retry.USEFUL) -> Failure:
    return Failure(reason=reason, retry=retry)


def attempts(
    policy: RetryPolicy, reason: FailureReason, retry: Retry = Retry.USEFUL
) -> list[ShardTask]:
    tasks = [first_attempt("O-maze", 0, policy)]
    while (task := next_attempt(tasks[-1], failure(reason, retry), policy)) is not None:
        tasks.append(task)
    return tasks


def test_a_failing_shard_is_retried_as_often_as_the_policy_allows() -> None:
    assert (
        len(attempts(RetryPolicy(retries=2, max_failed_samples=0), FailureReason.EMPTY_PROMPT)) == 3
    )


def test_only_the_last_attempt_can_drop_samples() -> None:
    tasks = attempts(RetryPolicy(retries=2, max_failed_samples=5), FailureReason.GENERATOR_FAILED)
    assert [task.allow_failed_samples for task in tasks] == [0, 0, 5]


def test_without_retries_the_first_attempt_is_the_last() -> None:
    tasks = attempts(RetryPolicy(retries=0, max_failed_samples=5), FailureReason.GENERATOR_FAILED)
    assert [task.allow_failed_samples for task in tasks] == [5]


def test_memory_doubles_after_out_of_memory_up_to_the_ceiling() -> None:
    policy = RetryPolicy(4, 0, memory_bytes=512 * MIB, memory_ceiling=1536 * MIB)
    tasks = attempts(policy, FailureReason.OUT_OF_MEMORY)
    assert [task.memory_bytes // MIB for task in tasks] == [512, 1024, 1536, 1536, 1536]


def test_other_failures_do_not_change_memory() -> None:
    policy = RetryPolicy(2, 0, memory_bytes=512 * MIB, memory_ceiling=4096 * MIB)
    assert {task.memory_bytes for task in attempts(policy, FailureReason.SAMPLE_TIMEOUT)} == {
        512 * MIB
    }


OUTSIDE = [reason for reason in FailureReason if not reason.charged]


@pytest.mark.parametrize("reason", OUTSIDE)
def test_interrupted_attempts_use_up_no_retry(reason: FailureReason) -> None:
    policy = RetryPolicy(1, max_failed_samples=5, memory_bytes=512 * MIB, memory_ceiling=GIB)
    first = first_attempt("O-maze", 3, policy)
    second = next_attempt(first, failure(reason), policy)
    assert second is not None
    assert second == first.model_copy(update={"attempt": 1, "uncharged": 1})
    last = next_attempt(second, failure(FailureReason.GENERATOR_CRASHED), policy)
    assert last is not None
    assert (last.attempt, last.uncharged, last.allow_failed_samples) == (2, 1, 5)
    assert next_attempt(last, failure(FailureReason.GENERATOR_CRASHED), policy) is None
    again = next_attempt(last, failure(reason), policy)
    assert again is not None
    assert again.allow_failed_samples == 5


@pytest.mark.parametrize("reason", OUTSIDE)
def test_a_shard_has_a_limit_of_uncharged_attempts(reason: FailureReason) -> None:
    assert len(attempts(RetryPolicy(0, 0), reason)) == MAX_UNCHARGED


def test_the_same_failure_of_the_same_sample_twice_ends_the_shard_or_drops_the_sample() -> None:
    crash = failure(FailureReason.GENERATOR_CRASHED).model_copy(update={"sample": 3})
    for budget, allowed in ((0, None), (5, 5)):
        policy = RetryPolicy(9, budget)
        second = next_attempt(first_attempt("O-maze", 3, policy), crash, policy)
        assert second is not None
        third = next_attempt(second, crash, policy, previous=crash)
        assert (third and third.allow_failed_samples) == allowed


def test_out_of_memory_at_the_same_sample_is_retried_while_more_memory_is_left() -> None:
    policy = RetryPolicy(9, 0, memory_bytes=512 * MIB, memory_ceiling=2 * GIB)
    task, hungry = first_attempt("O-maze", 3, policy), failure(FailureReason.OUT_OF_MEMORY)
    hungry = hungry.model_copy(update={"sample": 3})
    limits = [task.memory_bytes]
    while (after := next_attempt(task, hungry, policy, hungry)) is not None:
        task = after
        limits.append(task.memory_bytes)
    assert [limit // MIB for limit in limits] == [512, 1024, 2048]


def test_a_contract_mismatch_is_never_retried() -> None:
    policy = RetryPolicy(retries=9, max_failed_samples=0)
    task = first_attempt("O-maze", 3, policy)
    assert next_attempt(task, failure(FailureReason.CONTRACT_MISMATCH), policy) is None


def test_a_repair_with_other_bytes_is_never_retried() -> None:
    policy = RetryPolicy(retries=9, max_failed_samples=0)
    task = first_attempt("O-maze", 3, policy, repair=True)
    assert task.repair
    assert next_attempt(task, failure(FailureReason.NOT_DETERMINISTIC), policy) is None


def test_every_attempt_of_a_repair_may_drop_failed_samples() -> None:
    policy = RetryPolicy(retries=2, max_failed_samples=5)
    first = first_attempt("O-maze", 3, policy, repair=True)
    second = next_attempt(first, failure(FailureReason.OUT_OF_MEMORY), policy)
    assert second is not None
    assert (first.allow_failed_samples, second.allow_failed_samples) == (5, 5)
    assert second.repair


def test_a_failure_that_certainly_occurs_again_is_tried_once() -> None:
    policy = RetryPolicy(retries=2, max_failed_samples=5)
    assert len(attempts(policy, FailureReason.UNSAFE_FILE, Retry.USELESS)) == 1


def test_the_attempt_after_certain_failures_of_samples_drops_them() -> None:
    policy = RetryPolicy(retries=4, max_failed_samples=5)
    tasks = attempts(policy, FailureReason.EMPTY_PROMPT, Retry.DROPPING)
    assert [(task.attempt, task.allow_failed_samples) for task in tasks] == [(0, 0), (1, 5)]


def test_certain_failures_of_samples_are_tried_once_when_no_sample_may_fail() -> None:
    policy = RetryPolicy(retries=2, max_failed_samples=0)
    assert len(attempts(policy, FailureReason.GENERATOR_FAILED, Retry.DROPPING)) == 1


RETRIED = [
    reason
    for reason in FailureReason
    if 20 <= reason.exit <= 30 and reason.charged and reason.recurs is not Recurs.ALWAYS
]


@given(retries=st.integers(0, 10), reason=st.sampled_from(RETRIED))
def test_retries_always_end(retries: int, reason: FailureReason) -> None:
    assert len(attempts(RetryPolicy(retries, 0, MIB, 8 * MIB), reason)) == retries + 1
