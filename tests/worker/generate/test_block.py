"""How a block's end becomes failures of its samples."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vrdata.contract.reasons import FailureReason
from vrdata.contract.records import MAX_TRACEBACK_BYTES, Failure
from vrdata.contract.refusals import Refusal
from vrdata_worker.child.events import parse_exit, parse_invalid
from vrdata_worker.generate.block import BlockState


def raised(reason: str, message: str, traceback: str = "") -> dict[str, str]:
    """The error of an `end` packet."""
    return {"reason": reason, "message": message, "traceback": traceback}


def ended(
    state: BlockState,
    log_tail: str = "",
    error: dict[str, str] | None = None,
    failed: tuple[int, int] | None = None,
    refused: tuple[Refusal, ...] = (),
    **facts: object,
) -> BlockState:
    """The state after the child's end."""
    packet = {"block": state.block, "signal": None, "code": 0, "peakMemoryBytes": 0}
    end = {"error": error, "failed": failed}
    exited = parse_exit(packet | {"cpuSeconds": 0.0} | facts, end)
    state.end(replace(exited, refused=refused), log_tail)
    return state


def test_a_block_that_reported_every_sample_has_no_failure() -> None:
    state = BlockState(block=2, start=20, want=3, reported={0, 1, 2})
    late = raised("GeneratorFailed", "RuntimeError: after the last sample")
    assert ended(state, error=late, code=1).failures == []


def test_a_normal_end_with_missing_samples_is_under_production() -> None:
    failures = ended(BlockState(block=0, start=0, want=3, reported={0})).failures
    assert [failure.sample for failure in failures] == [1, 2]
    assert {failure.reason for failure in failures} == {FailureReason.UNDER_PRODUCTION}
    assert "wrote 1 of 3" in failures[0].message


def test_samples_before_the_first_one_of_the_shard_are_never_missed() -> None:
    failures = ended(BlockState(block=0, start=0, want=5, skip=2, reported={3})).failures
    assert [failure.sample for failure in failures] == [2, 4]


def test_an_invalid_sample_before_the_first_one_of_the_shard_is_not_a_failure() -> None:
    state = BlockState(block=1, start=10, want=5, skip=2)
    for position in (1, 2):
        packet = {"block": 1, "position": position} | raised("EmptyPrompt", "bad")
        state.invalid(parse_invalid(packet))
    assert [failure.sample for failure in state.failures] == [12]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"error": raised("GeneratorFailed", "ValueError: no")}, FailureReason.GENERATOR_FAILED),
        ({"error": raised("OutOfMemory", "MemoryError: ")}, FailureReason.OUT_OF_MEMORY),
        ({"error": raised("GeneratorCrashed", "no space")}, FailureReason.GENERATOR_CRASHED),
        ({"error": raised("ContractMismatch", "a lie")}, FailureReason.GENERATOR_FAILED),
        ({"signal": 9, "code": None}, FailureReason.GENERATOR_CRASHED),
        ({"signal": 11, "code": None}, FailureReason.GENERATOR_CRASHED),
        ({"code": 3}, FailureReason.GENERATOR_FAILED),
    ],
)
def test_an_abnormal_end_has_the_reason_of_its_cause(
    facts: dict[str, object], expected: FailureReason
) -> None:
    failures = ended(BlockState(block=0, start=0, want=1), **facts).failures  # type: ignore[arg-type]
    assert failures[0].reason is expected


def test_a_message_that_begins_with_memory_error_is_not_out_of_memory() -> None:
    error = raised("GeneratorFailed", "MemoryErrorOfMyOwn: not the interpreter's")
    failures = ended(BlockState(block=0, start=0, want=1), error=error).failures
    assert failures[0].reason is FailureReason.GENERATOR_FAILED


def test_a_child_killed_for_its_sample_timeout_is_not_out_of_memory() -> None:
    killed = Failure(reason=FailureReason.SAMPLE_TIMEOUT, message="no new sample")
    state = BlockState(block=0, start=0, want=1, killed=killed)
    found = ended(state, signal=9, code=None).failures[0]
    assert found.reason is FailureReason.SAMPLE_TIMEOUT


def test_the_log_tail_follows_the_message_of_a_crash() -> None:
    error = raised("GeneratorFailed", "E: x")
    state = ended(BlockState(block=0, start=0, want=1), "last lines", error)
    assert state.failures[0].message == "E: x\nlast lines"


def test_an_exit_code_is_followed_by_the_last_line_that_the_script_printed() -> None:
    usage = "usage: generate.py [-h]\ngenerate.py: error: unrecognized arguments: --fast\n"
    error = raised("GeneratorFailed", "ScriptExitError: generate.py exited with 2")
    for state in (
        ended(BlockState(block=0, start=0, want=1), usage, error),
        ended(BlockState(block=0, start=0, want=1), usage, code=2),
    ):
        first = state.failures[0].message.partition("\n")[0]
        assert first.endswith("2: generate.py: error: unrecognized arguments: --fast")


def test_the_first_sample_that_a_crash_costs_keeps_the_end_of_its_traceback() -> None:
    trace = "an early frame\n" * 1000 + "ValueError: é\n"
    state = BlockState(block=0, start=10, want=4, reported={0, 1})
    error = raised("GeneratorFailed", "ValueError: é", trace)
    first, second = ended(state, error=error, failed=(2, 2)).failures
    assert (first.sample, second.sample, second.traceback) == (12, 13, "")
    assert first.traceback.endswith("an early frame\nValueError: é\n")
    assert first.traceback.startswith("an early frame\n")
    assert len(first.traceback.encode()) <= MAX_TRACEBACK_BYTES


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ("GeneratorFailed", FailureReason.GENERATOR_FAILED),
        ("EmptyPrompt", FailureReason.EMPTY_PROMPT),
        ("ContractMismatch", FailureReason.INVALID_OUTPUT),
        ("NoSuchReason", FailureReason.INVALID_OUTPUT),
    ],
)
def test_a_child_can_report_a_sample_for_no_other_reason_than_a_samples(
    sent: str, expected: FailureReason
) -> None:
    state = BlockState(block=0, start=10, want=3, reported={0, 2})
    state.invalid(parse_invalid({"block": 0, "position": 1} | raised(sent, "why", "trace")))
    (failure,) = ended(state).failures
    assert (failure.sample, failure.reason) == (11, expected)
    assert failure.traceback == "trace"


@given(want=st.integers(1, 50), reported=st.sets(st.integers(0, 49)))
def test_every_wanted_sample_is_either_reported_or_failed(want: int, reported: set[int]) -> None:
    state = ended(BlockState(block=0, start=100, want=want, reported=set(reported)))
    missing = {(failure.sample or 0) - 100 for failure in state.failures}
    assert missing == set(range(want)) - reported


def test_the_sample_that_ended_the_block_is_named_and_the_others_say_so() -> None:
    state = BlockState(block=3, start=30, want=6, reported={0, 1})
    error = raised("GeneratorFailed", "ValueError: no", "trace")
    ended(state, "log", error, failed=(3, 3))
    assert state.cause is not None
    assert (state.cause.sample, state.cause.message) == (33, "ValueError: no\nlog")
    assert [failure.sample for failure in state.failures] == [32, 33, 34, 35]
    assert [failure.traceback for failure in state.failures] == ["", "trace", "", ""]
    assert state.failures[0].message == (
        "not generated: its block ended at sample 33: ValueError: no"
    )


def test_a_sample_that_is_not_known_is_named_as_a_range() -> None:
    state = BlockState(block=3, start=30, want=10, reported={0})
    ended(state, error=raised("GeneratorFailed", "ValueError: no"), failed=(1, 9))
    assert state.cause is not None
    assert state.cause.sample is None
    assert state.cause.message == "one of the samples 31-39 of block 3: ValueError: no"


def test_a_block_whose_process_vanished_names_all_samples_that_it_did_not_report() -> None:
    state = ended(BlockState(block=0, start=0, want=10, reported={0, 1}), signal=9, code=None)
    assert state.cause is not None
    assert state.cause.message.startswith("one of the samples 2-9 of block 0: ")


def test_a_sample_that_failed_by_itself_stays_the_cause_when_the_block_ends_later() -> None:
    state = BlockState(block=0, start=0, want=5, reported={0})
    state.invalid(parse_invalid({"block": 0, "position": 1} | raised("EmptyPrompt", "bad")))
    ended(state, error=raised("GeneratorFailed", "ValueError: no"), failed=(3, 3))
    assert state.cause is not None
    assert (state.cause.sample, state.cause.reason) == (1, FailureReason.EMPTY_PROMPT)


def test_a_sample_of_the_previous_shard_is_named_but_is_not_a_failure_of_this_one() -> None:
    state = BlockState(block=0, start=0, want=10, skip=5, reported={0, 1, 2, 3})
    error = raised("GeneratorFailed", "ValueError: no", "trace")
    ended(state, error=error, failed=(4, 4))
    assert state.cause is not None
    assert state.cause.sample == 4
    assert [failure.sample for failure in state.failures] == [5, 6, 7, 8, 9]
    assert [failure.traceback for failure in state.failures] == ["trace", "", "", "", ""]
    assert {failure.message for failure in state.failures} == {
        "not generated: its block ended at sample 4: ValueError: no"
    }


def test_under_production_names_files_outside_the_sample_folders() -> None:
    packet = {"block": 0, "signal": None, "code": 0, "peakMemoryBytes": 0, "cpuSeconds": 0.0}
    beside = {"files": 2, "examples": ["a.png", "b.png"]}
    state = BlockState(block=0, start=0, want=2)
    state.end(parse_exit(packet, {"error": None, "failed": [0, 1], "beside": beside}), "")
    assert state.cause is not None
    assert state.cause.message.endswith(
        "ended without an error; 2 files outside the sample folders: a.png, b.png"
    )


def test_the_first_line_of_a_failure_says_what_the_sandbox_refused() -> None:
    refused = Refusal("open a network connection", "curl", "examples/generate.py:12", 10)
    state = ended(
        BlockState(block=0, start=0, want=2),
        "usage: generate.py\nno answer",
        raised("GeneratorFailed", "SystemExit: the generator exited with code 6\nmore"),
        failed=(0, 0),
        refused=(refused,),
    )
    said = "SystemExit: the generator exited with code 6"
    named = "refused: curl tried to open a network connection 10 times (examples/generate.py:12)"
    assert state.failures[0].message.startswith(f"{said}; {named}\nmore\nusage: ")
    assert state.failures[1].message == (
        f"not generated: its block ended at sample 0: {said}; {named}"
    )


def test_a_failure_names_three_refused_attempts_and_counts_the_others() -> None:
    refused = tuple(Refusal(f"read /{number}", "cat") for number in range(5))
    state = ended(BlockState(block=0, start=0, want=1), code=1, refused=refused)
    message = state.failures[0].message
    assert "refused: cat tried to read /2 and 2 more" in message
    assert "/3" not in message
