"""How a block's end becomes named problems."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vrdata.contract.reasons import WorkerExit
from vrdata_worker.block import BlockState
from vrdata_worker.child.events import Exit, Invalid
from vrdata_worker.failures import TRACEBACK_BYTES


def ended(state: BlockState, log_tail: str = "", **facts: object) -> BlockState:
    values: dict[str, object] = {"error": "", "traceback": "", "signal": None, "code": 0} | facts
    cost = {"peak_memory_bytes": 0, "cpu_seconds": 0.0}
    state.end(Exit(block=state.block, **values, **cost), log_tail)  # type: ignore[arg-type]
    return state


def test_a_block_whose_samples_all_arrived_has_no_problem() -> None:
    state = BlockState(block=2, start=20, want=3, made={0, 1, 2})
    assert ended(state, code=1, error="RuntimeError: after the last sample").problems == []


def test_a_quiet_end_with_samples_missing_is_under_production() -> None:
    problems = ended(BlockState(block=0, start=0, want=3, made={0})).problems
    assert [problem.index for problem in problems] == [1, 2]
    assert {problem.exit for problem in problems} == {WorkerExit.UNDER_PRODUCTION}
    assert "made 1 of 3" in problems[0].message


def test_samples_before_the_first_one_of_the_shard_are_never_missed() -> None:
    problems = ended(BlockState(block=0, start=0, want=5, skip=2, made={3})).problems
    assert [problem.index for problem in problems] == [2, 4]


def test_an_invalid_sample_before_the_first_one_of_the_shard_is_no_problem() -> None:
    state = BlockState(block=1, start=10, want=5, skip=2)
    for position in (1, 2):
        state.invalid(Invalid(block=1, position=position, reason="InvalidOutput", message="bad"))
    assert [problem.index for problem in state.problems] == [12]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"error": "ValueError: no"}, WorkerExit.GENERATOR_FAILED),
        ({"error": "MemoryError: "}, WorkerExit.OUT_OF_MEMORY),
        ({"signal": 9, "code": None}, WorkerExit.OUT_OF_MEMORY),
        ({"signal": 11, "code": None}, WorkerExit.GENERATOR_FAILED),
        ({"code": 3}, WorkerExit.GENERATOR_FAILED),
    ],
)
def test_an_abnormal_end_is_named_after_its_cause(
    facts: dict[str, object], expected: WorkerExit
) -> None:
    problems = ended(BlockState(block=0, start=0, want=1), **facts).problems
    assert problems[0].exit is expected


def test_what_the_supervisor_killed_for_is_not_mistaken_for_memory() -> None:
    state = BlockState(block=0, start=0, want=1, killed=WorkerExit.SAMPLE_TIMEOUT)
    assert ended(state, signal=9, code=None).problems[0].exit is WorkerExit.SAMPLE_TIMEOUT


def test_the_log_tail_follows_the_message_of_a_crash() -> None:
    state = ended(BlockState(block=0, start=0, want=1), error="E: x", log_tail="last words")
    assert state.problems[0].message == "E: x\nlast words"


def test_the_first_sample_that_a_crash_costs_keeps_the_end_of_its_traceback() -> None:
    trace = "an early frame\n" * 1000 + "ValueError: é\n"
    state = BlockState(block=0, start=10, want=4, made={0, 1})
    first, second = ended(state, error="ValueError: é", traceback=trace).problems
    assert (first.index, second.index, second.traceback) == (12, 13, "")
    assert first.traceback.endswith("an early frame\nValueError: é\n")
    assert first.traceback.startswith("an early frame\n")
    assert len(first.traceback.encode()) <= TRACEBACK_BYTES


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("GeneratorFailed", WorkerExit.GENERATOR_FAILED),
        ("EmptyPrompt", WorkerExit.INVALID_OUTPUT),
        ("ContractMismatch", WorkerExit.INVALID_OUTPUT),
    ],
)
def test_a_sample_that_was_raised_for_is_told_from_an_unusable_one(
    reason: str, expected: WorkerExit
) -> None:
    state = BlockState(block=0, start=10, want=3, made={0, 2})
    state.invalid(Invalid(0, 1, reason, "why", "trace"))
    (problem,) = ended(state).problems
    assert (problem.index, problem.exit, problem.reason) == (11, expected, reason)
    assert problem.traceback == "trace"


@given(want=st.integers(1, 50), made=st.sets(st.integers(0, 49)))
def test_every_wanted_sample_is_either_made_or_a_problem(want: int, made: set[int]) -> None:
    state = ended(BlockState(block=0, start=100, want=want, made=set(made)))
    missing = {problem.index - 100 for problem in state.problems}
    assert missing == set(range(want)) - made
