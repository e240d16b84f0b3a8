"""Which failures are tried again."""

from __future__ import annotations

import pytest

from vrdata.contract.reasons import FailureReason
from vrdata.contract.records import Failure
from vrdata.contract.recurs import Recurs
from vrdata.contract.retries import Retry, is_retried, retry_of

BY_CHANCE = {
    "Preempted",
    "GeneratorCrashed",
    "SampleTimeout",
    "OutOfMemory",
    "StorageUnavailable",
    "SourceUnavailable",
    "OutputChanged",
    "Disrupted",
    "IncompleteRun",
    "FileChanged",
    "Unknown",
}


@pytest.mark.parametrize("reason", FailureReason)
def test_only_what_may_be_chance_is_retried_for_a_seeded_generator(reason: FailureReason) -> None:
    retry = retry_of(reason, seeded=True, of_samples=False)
    assert (retry is Retry.USEFUL) == (reason in BY_CHANCE)
    assert is_retried(reason, retry, allowed=0, budget=100) == (reason in BY_CHANCE)


@pytest.mark.parametrize("reason", FailureReason)
def test_a_generator_that_is_not_seeded_may_succeed_the_next_time(reason: FailureReason) -> None:
    retry = retry_of(reason, seeded=False, of_samples=True)
    assert (retry is Retry.USEFUL) == (reason.recurs is not Recurs.ALWAYS)


@pytest.mark.parametrize(
    ("allowed", "budget", "retried"), [(0, 0, False), (0, 5, True), (5, 5, False)]
)
def test_failed_samples_are_tried_again_only_to_drop_them(
    allowed: int, budget: int, retried: bool
) -> None:
    reason = FailureReason.EMPTY_PROMPT
    retry = retry_of(reason, seeded=True, of_samples=True)
    assert is_retried(reason, retry, allowed=allowed, budget=budget) == retried


def test_a_record_of_another_version_is_retried() -> None:
    body = {"reason": "GeneratorFailed", "message": "no"}
    assert Failure.model_validate(body).retry is Retry.USEFUL
    assert Failure.model_validate(body | {"retry": "Later"}).retry is Retry.USEFUL
    assert Failure.model_validate(body | {"retry": "Useless"}).retry is Retry.USELESS


def test_a_certain_reason_is_never_retried_whatever_the_record_says() -> None:
    for reason in (FailureReason.CONTRACT_MISMATCH, FailureReason.NOT_DETERMINISTIC):
        assert not is_retried(reason, Retry.USEFUL, allowed=0, budget=5)
