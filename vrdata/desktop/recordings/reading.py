"""Read one recording: its events in the order of time, with flat memory."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

from vrdata.bounded.closing import Closing
from vrdata.bounded.records import KEPT_BYTES, SortedRecords
from vrdata.desktop.recordings.container import Channel, Container
from vrdata.desktop.recordings.event import Event
from vrdata.desktop.recordings.losses import Loss

_KEY = struct.Struct(">QI")  # sorts as the numbers do
_PAYLOAD = struct.Struct("<QH")


class Recording(Closing):
    """The events of a recording, sorted by time, then sequence number, then place in the file.

    All of the file is read when it is opened; more than `kept_bytes` of it wait on disk.

    Args:
        path: the MCAP file.
        kept_bytes: events kept in memory.

    Attributes:
        path: the file.
        losses: what could not be read.
        announced: number of messages that the file says it has; None = it does not say.

    Raises:
        NotARecordingError: it is no MCAP file.
        OSError: it cannot be read.
    """

    def __init__(self, path: Path, kept_bytes: int = KEPT_BYTES) -> None:
        self.path = path
        self._channels: dict[Channel, int] = {}
        self._events = SortedRecords(kept_bytes)
        try:
            with Container(path) as container:
                for message in container:
                    number = self._channels.setdefault(message.channel, len(self._channels))
                    self._events.add(
                        _KEY.pack(message.log_time, message.sequence),
                        _PAYLOAD.pack(message.log_time, number) + message.data,
                    )
        except BaseException:
            self.close()
            raise
        self.losses: tuple[Loss, ...] = tuple(container.losses)
        self.announced = container.announced

    def close(self) -> None:
        """See `Closing.close`."""
        self._events.close()

    def __len__(self) -> int:
        return len(self._events)

    def __iter__(self) -> Iterator[Event]:
        """All events. Raises OSError."""
        channels = list(self._channels)
        for payload in self._events:
            log_time, number = _PAYLOAD.unpack_from(payload)
            channel = channels[number]
            yield Event(channel.topic, log_time, channel.message_type, payload[_PAYLOAD.size :])
