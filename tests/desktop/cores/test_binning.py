"""Bins equal a filter of the whole table for each bin."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vrdata.desktop.cores.binning import MAX_BINS, Bin, Grid, TooManyBinsError, bins
from vrdata.desktop.recordings.event import Event

TOPICS = st.sampled_from(["screen", "keyboard", "mouse", "mouse/raw", "window"])
RATES = st.one_of(st.just(Fraction(30000, 1001)), st.fractions(Fraction(1, 3), 240))


def naive(events: list[Event], rate: Fraction) -> list[Bin]:
    """A filter of the whole table for each bin, with exact edges."""
    if not events:
        return []
    origin, end = events[0].timestamp_ns, events[-1].timestamp_ns
    made: list[Bin] = []
    state = None
    while Fraction(end - origin) >= len(made) * 10**9 / rate:
        low, high = len(made) * 10**9 / rate, (len(made) + 1) * 10**9 / rate
        own = [one for one in events if low <= one.timestamp_ns - origin < high]
        state = next((one.msg for one in reversed(own) if one.topic == "screen"), state)
        actions = tuple(one for one in own if one.topic.startswith(("keyboard", "mouse")))
        start = next(at for at in range(int(low), int(low) + 2) if at >= low)
        made.append(Bin(len(made), origin + start, state, actions))
    return made


def event(topic: str, time: int) -> Event:
    return Event(topic, time, "type", f"{topic} {time}".encode())


@given(st.lists(st.tuples(TOPICS, st.integers(0, 3 * 10**9)), max_size=30), RATES)
def test_binning_equals_a_filter_of_the_table_for_each_bin(
    pairs: list[tuple[str, int]], rate: Fraction
) -> None:
    events = [event(topic, 7 + time) for topic, time in sorted(pairs, key=lambda pair: pair[1])]
    assert list(bins(events, rate)) == naive(events, rate)


@given(st.integers(0, 2**62), RATES, st.integers(0, 10**7))
def test_each_bin_begins_with_its_first_nanosecond(origin: int, rate: Fraction, at: int) -> None:
    grid = Grid(origin, rate)
    assert grid.index(grid.start(at)) == at
    assert at == 0 or grid.index(grid.start(at) - 1) == at - 1


def test_the_edges_do_not_drift() -> None:
    grid = Grid(0, Fraction(30))
    assert [grid.start(index) for index in (1, 2, 3)] == [33_333_334, 66_666_667, 100_000_000]
    assert grid.start(30 * 3600 * 24) == 24 * 3600 * 10**9


def test_a_screen_is_carried_on_and_the_first_bins_can_have_none() -> None:
    events = [event("mouse", 0), event("screen", 150), event("mouse", 350)]
    made = list(bins(events, Fraction(10**9, 100)))
    assert [one.state for one in made] == [None, b"screen 150", b"screen 150", b"screen 150"]
    assert [len(one.actions) for one in made] == [1, 0, 0, 1]


def test_the_last_screen_of_a_bin_is_its_state() -> None:
    made = list(bins([event("screen", 0), event("screen", 5)], Fraction(1)))
    assert [one.state for one in made] == [b"screen 5"]


def test_a_recording_with_a_wrong_clock_is_refused() -> None:
    with pytest.raises(TooManyBinsError, match=f"more than {MAX_BINS}"):
        list(bins([event("mouse", 0), event("mouse", 2**62)], Fraction(10)))
