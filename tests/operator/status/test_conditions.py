"""Conditions follow the conventions of the Kubernetes API; texts stay within bounds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vrdata.api.status import MAX_MESSAGE
from vrdata.text import printable
from vrdata_operator.reasons import Reason
from vrdata_operator.state.time import seconds, timestamp
from vrdata_operator.status.conditions import ORDER, Finding, clip, update
from vrdata_operator.status.rate import RateMeter, duration_text, progress_text, rate_text

REASONS = list(Reason)
STATUSES = st.sampled_from(["True", "False", "Unknown"])


@given(st.lists(STATUSES, min_size=1, max_size=12))
def test_the_transition_time_moves_only_when_the_status_flips(statuses: list[str]) -> None:
    conditions, since, before = (), 0.0, None
    for now, status in enumerate(statuses, start=1):
        reason = REASONS[now]
        finding = Finding("Stalled", status, reason, "m")  # type: ignore[arg-type]
        conditions = update(conditions, (finding,), generation=now, now=float(now))
        since = since if status == before else float(now)
        before = status
        found = next(one for one in conditions if one.type == "Stalled")
        assert (found.status, found.reason) == (status, reason)
        assert found.observed_generation == now
        assert seconds(found.last_transition_time) == since


def test_every_type_exists_from_the_first_visit_in_one_order() -> None:
    found = update((), (Finding("Accepted", "True", Reason.PLANNED),), generation=1, now=1.0)
    assert tuple(one.type for one in found) == ORDER
    assert {one.status for one in found[1:]} == {"Unknown"}


def test_a_type_without_a_finding_is_not_changed() -> None:
    first = update(
        (), (Finding("Accepted", "True", Reason.PLANNED, "plan x"),), generation=1, now=1.0
    )
    second = update(
        first, (Finding("Stalled", "True", Reason.UNSCHEDULABLE),), generation=2, now=2.0
    )
    assert second[0] == first[0]


@given(st.text(max_size=3 * MAX_MESSAGE))
def test_clipped_text_is_short_and_printable(text: str) -> None:
    found = clip(text)
    assert len(found.encode()) <= MAX_MESSAGE
    assert printable(found) == found


@given(st.integers(0, 4_000_000_000))
def test_a_timestamp_is_parsed_to_the_same_time(moment: int) -> None:
    assert seconds(timestamp(moment)) == moment
    assert timestamp(moment).endswith("Z")


@given(st.integers(0, 10**7), st.integers(1, 10**7))
def test_a_hundred_percent_means_every_sample(done: int, desired: int) -> None:
    assert progress_text(done, desired).endswith("(100%)") == (done >= desired)


def test_progress_of_no_samples_does_not_divide_by_zero() -> None:
    assert progress_text(0, 0) == "0/0 (100%)"


@pytest.mark.parametrize(
    ("rate", "text"),
    [(None, ""), (0.0, ""), (148.4, "148/s"), (0.54, "0.5/s"), (0.05, "3.0/min")],
)
def test_rates_are_printed_in_the_unit_that_fits(rate: float | None, text: str) -> None:
    assert rate_text(rate) == text


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (None, ""),
        (45.4, "45s"),
        (21 * 60, "21m"),
        (2 * 3600 + 4 * 60, "124m"),
        (3 * 3600, "3h"),
        (4 * 3600 + 60, "4h1m"),
        (74 * 3600, "3d2h"),
        (72 * 3600, "3d"),
        (-5.0, "0s"),
    ],
)
def test_durations_are_printed_as_kubectl_does(length: float | None, text: str) -> None:
    assert duration_text(length) == text


def test_a_rate_is_known_after_a_few_seconds_and_old_points_are_dropped() -> None:
    meter = RateMeter()
    assert meter.record(0.0, 0) is None
    assert meter.record(2.0, 10) is None
    assert meter.record(10.0, 100) == 10.0
    assert meter.record(700.0, 100) is None  # nothing happened for more than ten minutes


def test_samples_committed_before_the_start_do_not_count_for_the_rate() -> None:
    meter = RateMeter()
    meter.record(0.0, 800_000)
    assert meter.record(10.0, 800_050) == 5.0


@given(st.lists(st.tuples(st.floats(0, 100), st.integers(0, 50)), max_size=40))
def test_a_rate_is_never_negative(steps: list[tuple[float, int]]) -> None:
    meter, now, samples = RateMeter(), 0.0, 0
    for later, more in steps:
        now, samples = now + later, samples + more
        rate = meter.record(now, samples)
        assert rate is None or rate > 0
