"""A block that fails is made again without the samples that fail."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from vrdata.contract.reasons import FailureReason
from vrdata_worker.child.blocks import Making
from vrdata_worker.child.events import Exit, Invalid, parse_failure
from vrdata_worker.generate.block import BlockState
from vrdata_worker.generate.narrow import MAX_TRIES, Narrowing, Try

START = 100
ERROR = {"reason": "GeneratorFailed", "message": "no", "traceback": "trace"}


@dataclass
class Generator:
    """A generator whose bad samples end the block, each time.

    Attributes:
        bad: positions that fail.
        count: samples of a block.
        depends: a sample depends on those before it.
        misled: positions that fail only because those before were not made.
        names: it says which sample failed.
    """

    making: Making
    count: int
    bad: frozenset[int]
    depends: bool = False
    misled: frozenset[int] = frozenset()
    names: bool = True
    delivered: list[int] = field(default_factory=list)
    tries: list[Try] = field(default_factory=list)

    def run(self, state: BlockState, chosen: Try) -> Exit:
        """One child: it reports samples to the state and ends."""
        self.tries.append(chosen)
        bad = {one for one in self.bad if chosen.first <= one < chosen.count}
        if chosen.first in self.misled and chosen.first:
            return self._ended(state, (chosen.first, chosen.first))
        if chosen.first and self.depends:
            return self._ended(state, dependent=True)
        if self.making is Making.WHOLE:
            failed = min(bad, default=None)
            if failed is not None:
                known = (failed, failed) if self.names else (0, chosen.count - 1)
                return self._ended(state, known)
            self._report(state, range(chosen.want))
            return self._ended(state)
        end = min((one for one in bad if one < chosen.want), default=chosen.want)
        self._report(state, range(chosen.first, end))
        return self._ended(state, (end, end) if end < chosen.want else None)

    def _report(self, state: BlockState, positions: range) -> None:
        self.delivered += [one for one in positions if state.sample(one)]

    @staticmethod
    def _ended(
        state: BlockState, failed: tuple[int, int] | None = None, *, dependent: bool = False
    ) -> Exit:
        failure = parse_failure(ERROR) if failed else None
        code = 1 if failed else 0
        return Exit(state.block, failure, code, None, 0, 0.0, failed=failed, dependent=dependent)


def narrow(generator: Generator, *, want: int = 0, skip: int = 0, most: float = 1e9) -> BlockState:
    """Make a block of the generator; each try takes a second."""
    count = generator.count
    want = want or count
    narrowing = Narrowing(generator.making, count, want, most)
    state = BlockState(1, START, want, skip, narrowing=narrowing)
    chosen: Try | None = Try(count, want)
    while chosen is not None:
        assert len(generator.tries) < MAX_TRIES + 1, "it does not end"
        chosen = state.end(generator.run(state, chosen), "", 1.0)
    assert state.exited
    assert narrowing.tries == len(generator.tries)
    return state


def bad_of(state: BlockState) -> list[int]:
    """The positions of the samples that failed by themselves."""
    return [(one.sample or 0) - START for one in state.failures if one.traceback]


def failed_of(state: BlockState) -> list[int]:
    return sorted((one.sample or 0) - START for one in state.failures)


@st.composite
def blocks(draw: st.DrawFn) -> tuple[int, frozenset[int], int, int]:
    """Samples of a block, the bad ones, and the first and last that a shard needs."""
    count = draw(st.integers(1, 30))
    bad = draw(st.frozensets(st.integers(0, count - 1)))
    want = draw(st.integers(1, count))
    return count, bad, want, draw(st.integers(0, want - 1))


@given(blocks(), st.sampled_from([Making.EACH, Making.STREAM]))
@example((10, frozenset({0, 9}), 10, 0), Making.STREAM)
def test_a_generator_of_independent_samples_loses_only_the_bad_ones(
    block: tuple[int, frozenset[int], int, int], making: Making
) -> None:
    count, bad, want, skip = block
    generator = Generator(making, count, bad)
    state = narrow(generator, want=want, skip=skip)
    needed = set(range(want))
    assert generator.delivered == sorted(needed - bad)
    assert bad_of(state) == failed_of(state) == sorted(one for one in bad & needed if one >= skip)
    assert len(generator.tries) <= len(bad) + 1


@given(blocks())
def test_a_stream_of_dependent_samples_keeps_those_before_the_first_bad_one(
    block: tuple[int, frozenset[int], int, int],
) -> None:
    count, bad, want, skip = block
    generator = Generator(Making.STREAM, count, bad, depends=True)
    state = narrow(generator, want=want, skip=skip)
    first = min(bad, default=want)
    assert generator.delivered == list(range(min(first, want)))
    assert failed_of(state) == list(range(max(first, skip), want))
    assert len(generator.tries) <= 2
    if skip <= first < want - 1:
        assert bad_of(state) == [first]
        assert state.failures[-1].message == (
            f"not generated: it depends on sample {START + first}: no"
        )


@given(blocks(), st.frozensets(st.integers(0, 29)))
@example((10, frozenset({3}), 10, 0), frozenset({4, 5}))
def test_a_failure_of_a_sample_without_those_that_it_depends_on_is_not_trusted(
    block: tuple[int, frozenset[int], int, int], misled: frozenset[int]
) -> None:
    count, bad, want, skip = block
    misled -= {count - 1}
    generator = Generator(Making.STREAM, count, bad, depends=True, misled=misled)
    state = narrow(generator, want=want, skip=skip)
    first = min(bad, default=want)
    believed = misled.issuperset(range(first + 1, want))  # nothing shows that it is not true
    if skip <= first < want and not believed:
        assert bad_of(state) == [first]
    assert failed_of(state) == list(range(max(first, skip), want))


@given(blocks(), st.booleans())
@example((10, frozenset({9}), 10, 0), False)
def test_a_script_that_makes_whole_blocks_names_the_first_bad_sample(
    block: tuple[int, frozenset[int], int, int], names: bool
) -> None:
    count, bad, want, skip = block
    generator = Generator(Making.WHOLE, count, bad, names=names)
    state = narrow(generator, want=want, skip=skip)
    if not bad:
        assert (generator.delivered, state.cause) == (list(range(want)), None)
        return
    assert generator.delivered == []
    assert state.cause is not None
    assert state.cause.sample == START + min(bad)
    assert failed_of(state) == list(range(skip, want))
    assert len(generator.tries) <= 3 + count.bit_length()


def test_a_whole_block_that_failed_by_chance_is_made_again_and_kept() -> None:
    class Flaky(Generator):
        def run(self, state: BlockState, chosen: Try) -> Exit:
            self.bad = frozenset() if self.tries else frozenset({3})
            return super().run(state, chosen)

    generator = Flaky(Making.WHOLE, 10, frozenset(), names=False)
    state = narrow(generator)
    assert generator.delivered == list(range(10))
    assert state.failures == []
    assert [one.count for one in generator.tries] == [10, 5, 8, 9, 10]


def test_the_seconds_that_a_bad_sample_costs_are_reported() -> None:
    state = narrow(Generator(Making.EACH, 10, frozenset({2, 7})))
    assert [one.lost_seconds for one in state.failures] == [1.0, 1.0]
    assert state.lost_seconds == 2.0
    searched = narrow(Generator(Making.WHOLE, 8, frozenset({3}), names=False))
    assert searched.cause is not None
    assert searched.cause.lost_seconds == 4.0  # the block, and 4, 2 and 3 samples
    assert [one.lost_seconds for one in searched.failures].count(None) == 7


def test_the_tries_of_a_block_end_when_they_have_taken_too_long() -> None:
    generator = Generator(Making.EACH, 10, frozenset({1, 3, 5, 7}))
    state = narrow(generator, most=3.0)
    assert generator.delivered == [0, 2, 4]
    assert bad_of(state) == [1, 3, 5]
    assert [one.message for one in state.failures if not one.traceback] == [
        "not generated: the tries of its block are used up after sample 105: no"
    ] * 4


def test_a_block_has_a_limited_number_of_tries() -> None:
    count = 2 * MAX_TRIES
    generator = Generator(Making.EACH, count, frozenset(range(count)))
    state = narrow(generator)
    assert len(generator.tries) == MAX_TRIES
    assert failed_of(state) == list(range(count))


@given(blocks(), st.integers(0, 40), st.sampled_from(Making))
def test_an_end_that_names_the_wrong_sample_never_makes_a_block_endless(
    block: tuple[int, frozenset[int], int, int], lie: int, making: Making
) -> None:
    count, bad, want, _ = block

    class Liar(Generator):
        def run(self, state: BlockState, chosen: Try) -> Exit:
            end = super().run(state, chosen)
            return self._ended(state, (lie, lie) if end.failed else None)

    generator = Liar(making, count, bad)
    state = narrow(generator, want=want)
    assert len(generator.tries) <= count + 3
    failed = failed_of(state)
    assert sorted(generator.delivered + failed) == list(range(want))


def invalid(state: BlockState, position: int, reason: FailureReason) -> None:
    failure = parse_failure(ERROR).model_copy(update={"reason": reason})
    state.invalid(Invalid(state.block, position, failure))


@pytest.mark.parametrize("making", Making)
def test_samples_after_a_failure_of_the_machine_are_made_in_a_new_process(making: Making) -> None:
    narrowing = Narrowing(making, 4, 4, 1e9)
    state = BlockState(0, 0, 4, narrowing=narrowing, current=Try(4, 4))
    assert state.sample(0)
    invalid(state, 1, FailureReason.OUT_OF_MEMORY)
    assert state.killed is not None
    assert not state.sample(2)
    following = state.end(Exit(0, None, None, 9, 0, 0.0), "")
    if making is Making.WHOLE:
        assert following is None
        assert [one.sample for one in state.failures] == [1, 2, 3]
    else:
        assert following == Try(4, 4, 2)
        assert [one.sample for one in state.failures] == [1]
        assert state.sample(2)


def test_an_invalid_sample_is_reported_once_although_the_block_is_made_again() -> None:
    state = BlockState(0, 0, 4, narrowing=Narrowing(Making.WHOLE, 4, 4, 1e9), current=Try(4, 4))
    for _ in range(2):
        state.sample(0)
        invalid(state, 1, FailureReason.GENERATOR_FAILED)
    assert [one.sample for one in state.failures] == [1]
    assert state.failures[0].reason is FailureReason.GENERATOR_FAILED
