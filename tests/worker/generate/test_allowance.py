"""Which failed samples a shard may drop, and which failure ends it."""

from __future__ import annotations

import pytest

from vrdata.contract.reasons import FailureReason
from vrdata.contract.records import Failure
from vrdata_worker.failures import ShardFailedError
from vrdata_worker.generate.allowance import certain_failures, refusal, refusal_of_items
from vrdata_worker.generate.block import BlockState

ITEM = Failure(reason=FailureReason.INVALID_ITEM, message="no image", sample=3)
RAISED = Failure(reason=FailureReason.GENERATOR_FAILED, message="KeyError", sample=4)
CRASHED = Failure(reason=FailureReason.GENERATOR_CRASHED, message="signal 11", sample=5)


def refused(
    *failures: Failure, allowed: int = 0, allowed_certain: int = 0
) -> ShardFailedError | None:
    """The error of a shard whose items have failed so, in one block."""
    state = BlockState(0, 0, 9, failures=list(failures), cause=failures[0])
    certain = certain_failures(state)
    return refusal_of_items(state, len(failures), certain, allowed, allowed_certain)


@pytest.mark.parametrize("failures", [[ITEM], [ITEM, RAISED]])
def test_items_that_would_fail_again_are_dropped_in_the_first_attempt(
    failures: list[Failure],
) -> None:
    assert refused(*failures, allowed_certain=2) is None


def test_a_failure_by_chance_ends_the_attempt_and_is_the_one_that_is_named() -> None:
    error = refused(ITEM, CRASHED, allowed_certain=2)
    assert error is not None
    assert (error.failure, error.lasting) == (CRASHED, False)


def test_the_last_attempt_drops_both() -> None:
    assert refused(ITEM, CRASHED, allowed=2, allowed_certain=2) is None


@pytest.mark.parametrize("allowed", [0, 2])
def test_no_other_attempt_follows_too_many_invalid_items(allowed: int) -> None:
    error = refused(ITEM, ITEM, RAISED, allowed=allowed, allowed_certain=2)
    assert error is not None
    assert (error.failure, error.lasting) == (ITEM, True)


def test_generators_drop_samples_only_as_their_attempt_allows() -> None:
    state = BlockState(0, 0, 9, failures=[RAISED], cause=RAISED)
    assert refusal(state, 1, 1) is None
    error = refusal(state, 1, 0)
    assert error is not None
    assert (error.failure, error.lasting) == (RAISED, False)
