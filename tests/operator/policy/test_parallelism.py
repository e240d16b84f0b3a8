"""The parallelism of a run, divided among its waves."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vrdata_operator.policy.parallelism import share

WANTED = st.dictionaries(st.integers(0, 50), st.integers(1, 40), max_size=12)


@given(total=st.integers(1, 100), wanted=WANTED)
def test_every_pod_is_assigned_and_no_wave_gets_more_than_it_can_use(
    total: int, wanted: dict[int, int]
) -> None:
    given_ = share(total, wanted)
    assert sum(given_.values()) == min(total, sum(wanted.values()))
    assert all(0 <= given_[wave] <= wanted[wave] for wave in wanted)
    assert set(given_) == set(wanted)


@given(total=st.integers(1, 100), wanted=WANTED)
def test_shares_of_waves_differ_by_at_most_one(total: int, wanted: dict[int, int]) -> None:
    given_ = share(total, wanted)
    short = [count for wave, count in given_.items() if count < wanted[wave]]
    for count in given_.values():
        assert all(count - other <= 1 for other in short)


def test_with_fewer_pods_than_waves_the_later_ones_wait() -> None:
    assert share(1, {3: 5, 1: 5, 2: 5}) == {1: 1, 2: 0, 3: 0}
