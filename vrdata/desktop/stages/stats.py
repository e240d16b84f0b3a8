"""Figures about recordings: hours, events, idle time, frames, resolutions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vrdata.desktop.recordings.container import NotARecordingError
from vrdata.desktop.recordings.event import Event
from vrdata.desktop.recordings.folder import MediaCheck
from vrdata.desktop.recordings.messages import InvalidMessageError, Screen, kind_of, parse_screen
from vrdata.desktop.recordings.reading import Recording
from vrdata.desktop.stages.facts import Facts, watched

INPUT_TOPICS = ("keyboard", "mouse")
STATE_SUFFIX = "/state"  # of topics that repeat what is held down, whether or not it changes
_NS = 10**9


@dataclass
class Stats:
    """Sums over recordings.

    Attributes:
        recordings: number that were read.
        failed: number that could not be read.
        damaged: number of which a part is lost.
        missing_media: number of media files that do not exist.
        nanoseconds: from first to last event, summed.
        idle_nanoseconds: of intervals without input that are longer than the limit.
        events: number of events by topic.
        resolutions: number of recordings by width x height of the screen.
    """

    recordings: int = 0
    failed: int = 0
    damaged: int = 0
    missing_media: int = 0
    nanoseconds: int = 0
    idle_nanoseconds: int = 0
    events: Counter[str] = field(default_factory=Counter)
    resolutions: Counter[str] = field(default_factory=Counter)

    @property
    def inputs(self) -> int:
        """Number of keyboard and mouse events."""
        return sum(number for topic, number in self.events.items() if is_input(topic))

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        minutes = self.nanoseconds / _NS / 60
        frames = self.events.get("screen", 0)
        return {
            "recordings": self.recordings,
            "failed": self.failed,
            "damaged": self.damaged,
            "missing_media": self.missing_media,
            "hours": round(minutes / 60, 6),
            "inputs_per_minute": round(self.inputs / minutes, 3) if minutes else None,
            "idle_share": round(self.idle_nanoseconds / self.nanoseconds, 6)
            if self.nanoseconds
            else None,
            "screens": frames,
            "screens_per_second": round(frames / minutes / 60, 3) if minutes else None,
            "events": dict(sorted(self.events.items())),
            "resolutions": dict(self.resolutions.most_common()),
        }


def is_input(topic: str) -> bool:
    """Whether events of a topic are a person's input."""
    return topic.startswith(INPUT_TOPICS) and not topic.endswith(STATE_SUFFIX)


def collect(paths: list[Path], idle_ns: int, report: Callable[[Facts], None]) -> Stats:
    """The figures of recordings.

    Args:
        paths: of the MCAP files.
        idle_ns: time without input after which it counts as idle.
        report: called with each recording.

    Raises:
        OSError: sorting finds no space on disk.
    """
    stats = Stats()
    for path in paths:
        facts = Facts(str(path))
        try:
            recording = Recording(path)
        except (NotARecordingError, OSError) as error:
            facts.failed = getattr(error, "what", "") or str(error)
            stats.failed += 1
        else:
            with recording:
                facts.losses = recording.losses
                _add(stats, recording, facts, idle_ns)
        report(facts)
    return stats


def _add(stats: Stats, recording: Recording, facts: Facts, idle_ns: int) -> None:
    sizes: set[str] = set()
    first = last = active = None
    for event in watched(recording, facts, MediaCheck()):
        last = event.timestamp_ns
        first = last if first is None else first
        active = last if active is None else active
        stats.events[event.topic] += 1
        if is_input(event.topic):
            stats.idle_nanoseconds += _idle(last - active, idle_ns)
            active = last
        sizes.update(_size(event))
    if first is not None and last is not None and active is not None:
        stats.nanoseconds += last - first
        stats.idle_nanoseconds += _idle(last - active, idle_ns)
    stats.recordings += 1
    stats.damaged += bool(facts.losses)
    stats.missing_media += len(facts.missing)
    stats.resolutions.update(sizes)


def _idle(gap: int, least: int) -> int:
    return gap if gap > least else 0


def _size(event: Event) -> Iterator[str]:
    if kind_of(event.message_type) is not Screen:
        return
    try:
        shape = parse_screen(event.msg).source_shape
    except InvalidMessageError:
        return  # counted by `watched`
    if shape:
        yield f"{shape[0]}x{shape[1]}"
