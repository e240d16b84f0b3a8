"""Stage 2 in a run: the bins of one recording as rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from vrdata.desktop.chain.columns import FACTS, FactsSeen, Rows, with_facts
from vrdata.desktop.chain.options import OptionValues
from vrdata.desktop.cores.actions import encode_actions
from vrdata.desktop.cores.binning import DEFAULT_TOPICS, bins
from vrdata.desktop.cores.sampling import parse_number
from vrdata.desktop.recordings.event import Event

COLUMNS = ("file_path", "timestamp_ns", "topic", "message_type", "msg", FACTS)
"""What is read of the events."""


@dataclass(frozen=True)
class BinOptions:
    """How events become bins.

    Attributes:
        fps: bins a second.
        topics: to keep, by exact name.
    """

    fps: Fraction
    topics: tuple[str, ...]

    @classmethod
    def of(cls, options: Mapping[str, str]) -> BinOptions:
        """The options of a run.

        Raises:
            ValueError: an option is unknown or invalid.
        """
        given = OptionValues(options, ("fps", "keep_topic"))
        fps = given.parsed("fps", "10", lambda text: parse_number(text, "fps"))
        return cls(fps, given.words("keep_topic", DEFAULT_TOPICS))


def bin_rows(events: Iterable[tuple[Any, ...]], options: BinOptions) -> Iterator[dict[str, Any]]:
    """The rows of a recording, in the order of time.

    Args:
        events: of one recording, in the order of time; `COLUMNS` of each.
        options: of the run.

    Raises:
        ValueError: the events are not in order, of several recordings, or too far apart.
    """
    seen, names = FactsSeen(), set[str]()
    kept = _events(events, frozenset(options.topics), seen, names)
    yield from with_facts(_rows(kept, options, names), lambda: seen.facts)


def _rows(events: Iterator[Event], options: BinOptions, names: set[str]) -> Rows:
    for one in bins(events, options.fps):
        (name,) = names
        yield {
            "file_path": name,
            "bin_idx": one.bin_idx,
            "timestamp_ns": one.timestamp_ns,
            "state": one.state,
            "actions": encode_actions(one.actions),
        }


def _events(
    rows: Iterable[tuple[Any, ...]], topics: frozenset[str], seen: FactsSeen, names: set[str]
) -> Iterator[Event]:
    last: int | None = None
    for name, time, topic, kind, msg, facts in rows:
        seen.see(facts)
        names.add(name)
        if len(names) > 1:
            raise ValueError(f"the rows of the item are of several recordings: {sorted(names)}")
        if last is not None and time < last:
            raise ValueError(f"the events of {name} are not in the order of time")
        last = time
        if topic in topics:
            yield Event(topic, time, kind, msg)
