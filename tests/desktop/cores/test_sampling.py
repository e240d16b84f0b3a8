"""Down-sampling equals its rule, and rates are read exactly."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vrdata.desktop.cores.sampling import down_sampled, parse_number, parse_rates, parse_share
from vrdata.desktop.recordings.event import Event
from vrdata.errors import UsageError

TOPICS = st.sampled_from(["mouse", "screen", "keyboard"])


def event(topic: str, time: int) -> Event:
    return Event(topic, time, f"desktop/{topic}", b"{}")


def naive(events: list[Event], rates: dict[str, Fraction]) -> list[Event]:
    """Each topic alone, then put together again."""
    kept: list[int] = []
    for topic in {one.topic for one in events}:
        last = None
        for place, one in enumerate(events):
            if one.topic != topic:
                continue
            least = int(Fraction(10**9) / rates[topic]) if topic in rates else 0
            if last is None or one.timestamp_ns - last >= least:
                kept.append(place)
                last = one.timestamp_ns
    return [events[place] for place in sorted(kept)]


@given(
    st.lists(st.tuples(TOPICS, st.integers(0, 2**62)), max_size=40),
    st.dictionaries(TOPICS, st.fractions(Fraction(1, 100), 1000)),
)
def test_down_sampling_equals_the_rule_applied_to_each_topic(
    pairs: list[tuple[str, int]], rates: dict[str, Fraction]
) -> None:
    events = [event(topic, time) for topic, time in sorted(pairs, key=lambda pair: pair[1])]
    assert list(down_sampled(events, rates)) == naive(events, rates)


def test_frames_exactly_one_truncated_period_apart_are_all_kept() -> None:
    frames = [event("screen", number * 16_666_666) for number in range(60)]
    assert len(list(down_sampled(frames, {"screen": Fraction(60)}))) == 60


def test_the_first_event_is_kept_even_at_time_zero() -> None:
    assert list(down_sampled([event("mouse", 0)], {"mouse": Fraction(1)}))


def test_topics_are_limited_by_their_exact_name() -> None:
    events = [event("mouse/state", 0), event("mouse/state", 1)]
    assert list(down_sampled(events, {"mouse": Fraction(1)})) == events


def test_rates_are_read_exactly() -> None:
    assert parse_rates(["mouse=60", "a=b=0.1"]) == {"mouse": Fraction(60), "a=b": Fraction(1, 10)}
    assert parse_rates(["none"]) == {}
    assert parse_number("30000/1001", "--fps") == Fraction(30000, 1001)


@pytest.mark.parametrize("text", ["mouse", "=5", "mouse=0", "mouse=-1", "mouse=x", "mouse=1/0"])
def test_an_invalid_rate_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_rates([text])


def test_a_topic_with_two_rates_is_refused() -> None:
    with pytest.raises(UsageError, match="twice"):
        parse_rates(["mouse=1", "mouse=2"])


@pytest.mark.parametrize("text", ["-0.1", "1.1", "half"])
def test_a_share_outside_of_0_to_1_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_share(text, "--test_percent")
