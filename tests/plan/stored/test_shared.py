"""Samples that two runs have in common, and what their users read about them."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from support.plans.catalogues import make_run, planned
from vrdata.plan.planned import Plan
from vrdata.plan.stored.shared import MAX_GENERATORS, MAX_RUNS, describe_shared, shared_ranges


def plan_of(start: int, samples: int, *names: str, **spec: Any) -> Plan:
    chosen = [{"name": name, "start": start, "samples": samples} for name in names or ("O-a",)]
    return planned(make_run(*chosen, **spec), *(names or ("O-a",)))


@given(
    first=st.tuples(st.integers(0, 50), st.integers(1, 50)),
    second=st.tuples(st.integers(0, 50), st.integers(1, 50)),
)
def test_the_shared_range_is_the_intersection(
    first: tuple[int, int], second: tuple[int, int]
) -> None:
    found = list(shared_ranges(plan_of(*first), plan_of(*second), "default/other"))
    samples = [index for one in found for index in range(one.start, one.stop)]
    both = {*range(first[0], sum(first))} & {*range(second[0], sum(second))}
    assert samples == sorted(both)
    assert all(one.free == sum(second) for one in found)


def test_an_extension_shares_nothing() -> None:
    assert not [*shared_ranges(plan_of(100, 150), plan_of(0, 100), "default/first")]


def test_another_seed_or_generator_shares_nothing() -> None:
    assert not [*shared_ranges(plan_of(0, 9), plan_of(0, 9, seed=43), "default/other")]
    assert not [*shared_ranges(plan_of(0, 9), plan_of(0, 9, "O-b"), "default/other")]


def test_a_note_names_run_generator_range_and_what_to_do() -> None:
    shared = shared_ranges(plan_of(90, 20), plan_of(0, 100), "default/first")
    assert describe_shared(shared) == [
        (
            "run default/first has the same seed (42) and already generates samples O-a 90-99; "
            "to extend it, set start to 100; for independent samples, use another spec.seed"
        )
    ]


def test_notes_stay_short_with_many_generators_and_runs() -> None:
    names = [f"O-{letter}" for letter in "abcdefgh"]
    plan = plan_of(0, 5, *names)
    shared = [one for at in range(9) for one in shared_ranges(plan, plan, f"default/{at}")]
    notes = describe_shared(shared)
    assert len(notes) == MAX_RUNS + 1
    assert f"O-e 0-4 and of {len(names) - MAX_GENERATORS} more generators;" in notes[0]
    assert notes[-1] == "4 more runs with some of these samples"
