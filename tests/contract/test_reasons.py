"""The closed list of failure reasons."""

from __future__ import annotations

import re

import pytest

from vrdata.contract.reasons import FailureReason, WorkerExit, parse_reason


@pytest.mark.parametrize("reason", FailureReason)
def test_every_reason_is_one_word_with_a_sentence_that_explains_it(reason: FailureReason) -> None:
    assert re.fullmatch(r"[A-Z][A-Za-z0-9]{2,31}", reason)
    assert reason.meaning.endswith(".")
    assert parse_reason(str(reason)) is reason


def test_every_exit_code_of_a_failure_has_a_reason() -> None:
    codes = {reason.exit for reason in FailureReason}
    assert codes == set(WorkerExit) - {WorkerExit.COMMITTED}


def test_a_reason_outside_the_list_is_unknown() -> None:
    assert parse_reason("NewerVersionsReason") is FailureReason.UNKNOWN
    assert parse_reason(5) is FailureReason.UNKNOWN


def test_a_child_may_report_only_what_concerns_a_sample() -> None:
    assert FailureReason.EMPTY_PROMPT.of_a_sample
    assert FailureReason.GENERATOR_FAILED.of_a_sample
    assert not FailureReason.CONTRACT_MISMATCH.of_a_sample
    assert FailureReason.INVALID_ITEM.of_a_sample
    assert not FailureReason.STORAGE_UNAVAILABLE.of_a_sample
    assert not FailureReason.SOURCE_UNAVAILABLE.of_a_sample
    assert not FailureReason.SOURCE_CHANGED.of_a_sample
    assert not FailureReason.UNKNOWN.of_a_sample


def test_only_preemption_has_the_exit_code_that_a_job_repeats_without_a_limit() -> None:
    found = [reason for reason in FailureReason if reason.exit is WorkerExit.PREEMPTED]
    assert found == [FailureReason.PREEMPTED]
