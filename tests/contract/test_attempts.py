"""When the next attempt of a shard starts, and what it can change."""

from __future__ import annotations

import pytest

from vrdata.contract.attempts import is_exhausted, pause_after, retry_after
from vrdata.contract.reasons import FailureReason
from vrdata.contract.records import Failure
from vrdata.contract.retries import Retry, is_retried

CRASH = Failure(reason=FailureReason.GENERATOR_CRASHED, message="killed by signal 11", sample=7)


def test_the_first_pause_is_zero_and_later_ones_double_up_to_a_minute() -> None:
    pauses = [pause_after(uncharged) for uncharged in range(1, 9)]
    assert pauses == [0, 2, 4, 8, 16, 32, 60, 60]
    assert pause_after(10**6) == 60


def test_a_shard_has_a_hundred_uncharged_attempts() -> None:
    assert not is_exhausted(99)
    assert is_exhausted(100)


def test_the_first_failure_of_a_sample_is_retried_as_its_reason_says() -> None:
    assert retry_after(CRASH, None) is Retry.USEFUL
    invalid = Failure(reason=FailureReason.EMPTY_PROMPT, sample=7, retry=Retry.USELESS)
    assert retry_after(invalid, None) is Retry.USELESS


def test_a_sample_that_fails_twice_in_the_same_way_is_retried_only_to_drop_it() -> None:
    retry = retry_after(CRASH, CRASH)
    assert retry is Retry.DROPPING
    assert not is_retried(CRASH.reason, retry, allowed=0, budget=0)
    assert is_retried(CRASH.reason, retry, allowed=0, budget=1)
    assert not is_retried(CRASH.reason, retry, allowed=1, budget=1)


@pytest.mark.parametrize(
    "previous",
    [
        CRASH.model_copy(update={"sample": 8}),
        CRASH.model_copy(update={"message": "the disk is full"}),
        CRASH.model_copy(update={"reason": FailureReason.SAMPLE_TIMEOUT}),
    ],
)
def test_a_different_earlier_failure_makes_no_failure_certain_to_recur(previous: Failure) -> None:
    assert retry_after(CRASH, previous) is Retry.USEFUL


def test_a_failure_without_a_known_sample_is_not_certain_to_recur() -> None:
    unknown = CRASH.model_copy(update={"sample": None})
    assert retry_after(unknown, unknown) is Retry.USEFUL


def test_addresses_times_and_later_lines_of_a_message_may_differ() -> None:
    def timeout(text: str) -> Failure:
        return Failure(reason=FailureReason.SAMPLE_TIMEOUT, message=text, sample=3)

    first = timeout("<Maze object at 0x7f01> waited for 600.1 s\nlog A")
    second = timeout("<Maze object at 0x7fa2> waited for 601 s\nlog B")
    assert retry_after(second, first) is Retry.DROPPING


def test_out_of_memory_is_certain_only_when_no_more_memory_is_left() -> None:
    hungry = Failure(reason=FailureReason.OUT_OF_MEMORY, message="MemoryError", sample=3)
    assert retry_after(hungry, hungry, more_memory=True) is Retry.USEFUL
    assert retry_after(hungry, hungry) is Retry.DROPPING


def test_an_interruption_is_never_certain_to_recur() -> None:
    lost = Failure(reason=FailureReason.DISRUPTED, message="deleted", sample=3)
    assert retry_after(lost, lost) is Retry.USEFUL
