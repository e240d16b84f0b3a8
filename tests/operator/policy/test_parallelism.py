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


@given(total=st.integers(1, 100), wanted=WANTED, data=st.data())
def test_a_wave_keeps_its_pods_while_it_can_use_them_but_one_for_retries(
    total: int, wanted: dict[int, int], data: st.DataObject
) -> None:
    held = share(total, {wave: count for wave, count in wanted.items() if wave < 25})
    retries = data.draw(st.sets(st.sampled_from(sorted(wanted)))) if wanted else set()
    pods = share(total, wanted, held, retries)
    assert sum(pods.values()) == min(total, sum(wanted.values()))
    assert all(0 <= pods[wave] <= wanted[wave] for wave in wanted)
    assert sum(max(0, had - pods[wave]) for wave, had in held.items()) <= 1
    again = [pods[wave] for wave in retries]
    assert not again or any(again) or max(pods.values()) == 1


def test_a_retry_takes_one_pod_of_the_wave_with_most() -> None:
    assert share(8, {0: 90, 1: 90, 2: 5}, {0: 3, 1: 5}, {2}) == {0: 3, 1: 4, 2: 1}
    assert share(8, {0: 90, 2: 5, 3: 9}, {0: 7, 2: 1}, {2, 3}) == {0: 7, 2: 1, 3: 0}


def test_a_smaller_parallelism_of_the_run_is_divided_again() -> None:
    assert share(4, {0: 90, 1: 90}, {0: 7, 1: 1}) == {0: 2, 1: 2}


def test_with_fewer_pods_than_waves_the_later_ones_wait() -> None:
    assert share(1, {3: 5, 1: 5, 2: 5}) == {1: 1, 2: 0, 3: 0}
