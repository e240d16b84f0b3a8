"""One event of a recording. Pure."""

from __future__ import annotations

from typing import NamedTuple


class Event(NamedTuple):
    """One event of a recording.

    Attributes:
        topic: such as `mouse`.
        timestamp_ns: when it was recorded (the log time), nanoseconds since 1970.
        message_type: name of the message's schema.
        msg: the message as stored, JSON.
    """

    topic: str
    timestamp_ns: int
    message_type: str
    msg: bytes
