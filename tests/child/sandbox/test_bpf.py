"""Filters as BPF programs: what the kernel decides for each call."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.attempts.simulator import decide
from vrdata_child.sandbox.bpf import ALLOW, NOTIFY, Rule, assemble, error
from vrdata_child.sandbox.bpf import Test as Condition

ARCHITECTURE, OTHER, FOREIGN, LAST = 0xC000003E, 0x40000003, error(38), 462

words = st.one_of(st.integers(0, 40), st.sampled_from([0xFFFFFFFF, 0x80000000]), st.integers(-9, 0))
values = st.lists(words, min_size=1, max_size=5).map(tuple)
masks = st.sampled_from([0xFFFFFFFF, 0xF, 0x7E020000, 1, 0b11])
tests = st.builds(Condition, st.integers(0, 5), values, masks, st.booleans(), st.booleans())
rules = st.builds(
    Rule,
    st.integers(0, 6),
    st.sampled_from([ALLOW, NOTIFY, error(1), error(101), error(0)]),
    st.lists(tests, max_size=3).map(tuple),
)


def holds(test: Condition, arguments: list[int]) -> bool:
    """The condition as its documentation says."""
    value = arguments[test.argument] & 0xFFFFFFFF & test.mask
    found = bool(value) if test.any_bit else value in {one & 0xFFFFFFFF for one in test.values}
    return found != test.negated


@given(
    st.lists(rules, max_size=12),
    st.integers(0, 7),
    st.lists(st.one_of(words, st.integers(0, 2**64 - 1)), min_size=6, max_size=6),
)
def test_the_first_rule_of_a_call_that_holds_decides(
    given_rules: list[Rule], number: int, arguments: list[int]
) -> None:
    program = assemble(ARCHITECTURE, LAST, FOREIGN, given_rules)
    expected = next(
        (
            rule.action
            for rule in given_rules
            if rule.number == number and all(holds(test, arguments) for test in rule.tests)
        ),
        ALLOW,
    )
    assert decide(program, ARCHITECTURE, number, arguments) == expected


@given(st.lists(rules, max_size=12), st.integers(0, 2**32 - 1))
def test_calls_of_other_architectures_and_unknown_numbers_are_foreign(
    given_rules: list[Rule], number: int
) -> None:
    program = assemble(ARCHITECTURE, LAST, FOREIGN, given_rules)
    assert decide(program, OTHER, number) == FOREIGN
    assert decide(program, ARCHITECTURE, LAST + 1 + number % (2**32 - LAST - 1)) == FOREIGN


@pytest.mark.parametrize("number", [-1, 0x40000000 + 41, 463, 2**32 - 5])
def test_numbers_of_x32_and_negative_ones_are_foreign(number: int) -> None:
    assert decide(assemble(ARCHITECTURE, LAST, FOREIGN, []), ARCHITECTURE, number) == FOREIGN


def test_the_upper_half_of_an_argument_hides_nothing() -> None:
    """The kernel takes a family or a process number as 32 bits, and so does the filter."""
    program = assemble(ARCHITECTURE, LAST, FOREIGN, [Rule(41, error(101), (Condition(0, (2,)),))])
    assert decide(program, ARCHITECTURE, 41, [2]) == error(101)
    assert decide(program, ARCHITECTURE, 41, [(7 << 32) | 2]) == error(101)


def test_rules_that_are_too_long_for_a_jump_are_an_error() -> None:
    long = [Rule(1, error(1), (Condition(0, tuple(range(300))),))]
    with pytest.raises(ValueError, match="a jump over 299 instructions"):
        assemble(ARCHITECTURE, LAST, FOREIGN, long)
