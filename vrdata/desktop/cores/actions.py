"""The column `actions` of bins: events as JSON. Pure."""

from __future__ import annotations

import base64
from collections.abc import Iterable

import orjson

from vrdata.desktop.recordings.event import Event

LEGACY_TOPIC = "action"
LEGACY_TYPE = "generic.action"


class InvalidActionsError(ValueError):
    """A cell of the column cannot be read."""


def encode_actions(events: Iterable[Event]) -> bytes:
    """A JSON array with one object for each event: topic, timestamp_ns, message_type, msg.

    `msg` is the message as text; a message that is not UTF-8 is in `msg_base64` instead.
    """
    return orjson.dumps([_encoded(event) for event in events])


def decode_actions(actions: bytes, timestamp_ns: int = 0) -> list[Event]:
    """The events of a cell.

    Args:
        actions: of `encode_actions`; or the messages alone, as earlier pipelines write them.
        timestamp_ns: of the bin, for messages alone: their own time is lost.

    Raises:
        InvalidActionsError: it is neither.
    """
    try:
        values = orjson.loads(actions)
        return [_decoded(value, timestamp_ns) for value in values]
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
        raise InvalidActionsError(f"the actions of a bin cannot be read: {error!r}") from error


def _encoded(event: Event) -> dict[str, str | int]:
    head: dict[str, str | int] = {
        "topic": event.topic,
        "timestamp_ns": event.timestamp_ns,
        "message_type": event.message_type,
    }
    try:
        return head | {"msg": event.msg.decode()}
    except UnicodeDecodeError:
        return head | {"msg_base64": base64.b64encode(event.msg).decode()}


def _decoded(value: object, timestamp_ns: int) -> Event:
    if isinstance(value, str):
        return Event(LEGACY_TOPIC, timestamp_ns, LEGACY_TYPE, value.encode())
    if not isinstance(value, dict):
        raise TypeError("an action is neither an object nor a text")
    if not (isinstance(value["topic"], str) and isinstance(value["message_type"], str)):
        raise TypeError("the topic or the message type of an action is not a text")
    msg = base64.b64decode(value["msg_base64"]) if "msg_base64" in value else value["msg"].encode()
    return Event(value["topic"], int(value["timestamp_ns"]), value["message_type"], msg)
