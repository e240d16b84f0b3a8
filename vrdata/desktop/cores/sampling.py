"""Down-sample topics: drop events that follow the last kept one too soon. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction

from vrdata.desktop.recordings.event import Event
from vrdata.errors import UsageError

NANOSECONDS = 10**9
DEFAULT_RATES = ("mouse=60", "screen=20")
NO_RATE = "none"


def parse_number(text: str, option: str) -> Fraction:
    """A positive number, exactly: `10`, `29.97` or `30000/1001`.

    Raises:
        UsageError: it is not a positive number.
    """
    try:
        number = Fraction(text.strip())
    except (ValueError, ZeroDivisionError):
        number = Fraction(0)
    if number <= 0:
        raise UsageError(
            f"{option}: {text!r} is not a positive number", fix="use a number, such as 60"
        )
    return number


def parse_share(text: str, option: str) -> Fraction:
    """A number from 0 to 1, exactly.

    Raises:
        UsageError: it is none.
    """
    try:
        share = Fraction(text.strip())
    except (ValueError, ZeroDivisionError):
        share = Fraction(-1)
    if not 0 <= share <= 1:
        raise UsageError(
            f"{option}: {text!r} is not a fraction from 0 to 1", fix="use a fraction, such as 0.2"
        )
    return share


def parse_overlap(text: str) -> Fraction:
    """The overlap of sequences, exactly: 0 or more, and below 1.

    Raises:
        UsageError: it is something else.
    """
    share = parse_share(text, "--overlap_ratio")
    if share == 1:
        raise UsageError(
            "--overlap_ratio 1 never advances", fix="use a number below 1, such as 0.9"
        )
    return share


def parse_rates(texts: Iterable[str]) -> dict[str, Fraction]:
    """The most events per second of each topic, from `TOPIC=RATE`; `none` = keep all events.

    Raises:
        UsageError: a text has another form, or a topic has two rates.
    """
    rates: dict[str, Fraction] = {}
    for text in texts:
        if text == NO_RATE:
            continue
        topic, equals, rate = text.rpartition("=")
        if not equals or not topic:
            raise UsageError(f"--rate {text!r} is not TOPIC=RATE", fix="write it as mouse=60")
        if topic in rates:
            raise UsageError(f"--rate names {topic} twice", fix="give each topic one rate")
        rates[topic] = parse_number(rate, f"--rate {topic}")
    return rates


def down_sampled(events: Iterable[Event], rates: Mapping[str, Fraction]) -> Iterator[Event]:
    """The events that are kept; those of topics without a rate are all kept.

    An event is kept if at least 1/rate seconds, rounded down to nanoseconds, have passed since the
    last kept event of its topic.

    Args:
        events: in the order of time.
        rates: events a second for each topic.
    """
    spacing = {topic: NANOSECONDS // rate for topic, rate in rates.items()}
    kept: dict[str, int] = {}
    for event in events:
        least = spacing.get(event.topic)
        if least is not None:
            last = kept.get(event.topic)
            if last is not None and event.timestamp_ns - last < least:
                continue
            kept[event.topic] = event.timestamp_ns
        yield event
