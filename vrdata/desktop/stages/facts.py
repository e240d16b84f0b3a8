"""What is known of each recording: counted while its events are read. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from vrdata.desktop.recordings.event import Event
from vrdata.desktop.recordings.folder import MediaCheck
from vrdata.desktop.recordings.losses import Loss
from vrdata.desktop.recordings.media import media_path
from vrdata.desktop.recordings.messages import InvalidMessageError, Screen, Window, kind_of, parse

LISTED = 20  # losses and missing files that are listed; all are counted
FACTS_FILE = "recordings.jsonl"


@dataclass
class Facts:
    """One recording of stage 1; a line of `recordings.jsonl`.

    Attributes:
        file_path: as in the table.
        split: where its events are.
        events: number of events in the recording.
        kept: number of them in the table.
        announced: number of messages that the recording says it has; None = it does not say.
        losses: what could not be read.
        invalid: screen and window messages that could not be read.
        missing: the number of screen events for each missing media file.
        instruction: the text beside the recording.
        window: title of the first window that has one.
        topics: of its events.
        failed: why the recording has no events in the table; empty = it has.
    """

    file_path: str
    split: str = ""
    events: int = 0
    kept: int = 0
    announced: int | None = None
    losses: tuple[Loss, ...] = ()
    invalid: int = 0
    missing: dict[str, int] = field(default_factory=dict)
    instruction: str | None = None
    window: str | None = None
    topics: set[str] = field(default_factory=set)
    failed: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        listed = dict(list(self.missing.items())[:LISTED])
        return {
            "file_path": self.file_path,
            "split": self.split,
            "events": self.events,
            "kept": self.kept,
            "announced": self.announced,
            "losses": [loss.to_dict() for loss in self.losses[:LISTED]],
            "lost_ranges": len(self.losses),
            "invalid": self.invalid,
            "missing_media": listed,
            "instruction": self.instruction,
            "window": self.window,
            "failed": self.failed,
        }


def watched(events: Iterable[Event], facts: Facts, media: MediaCheck) -> Iterator[Event]:
    """The same events; what they say is noted in the facts."""
    for event in events:
        facts.events += 1
        facts.topics.add(event.topic)
        kind = kind_of(event.message_type)
        if kind is Screen or (kind is Window and facts.window is None):
            _note(event, facts, media)
        yield event
    facts.missing = media.missing


def _note(event: Event, facts: Facts, media: MediaCheck) -> None:
    try:
        message = parse(event.message_type, event.msg)
    except InvalidMessageError:
        facts.invalid += 1
        return
    if isinstance(message, Window):
        facts.window = message.title or None
    elif isinstance(message, Screen) and message.media is not None:
        path = media_path(message.media.uri, facts.file_path)
        if path is not None:
            media.see(path)
