"""Events as JSON objects with topic, timestamp, message and message type. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from vrdata.desktop.encoders.errors import InvalidInputError, InvalidTokenError
from vrdata.desktop.encoders.textual import END, START
from vrdata.desktop.encoders.tokens import PLACEHOLDER
from vrdata.desktop.recordings.event import Event
from vrdata.desktop.recordings.messages import InvalidMessageError, Screen, kind_of, parse_screen


class JSONEventEncoder:
    """`<EVENT_START>{"topic":...,"timestamp":...,"message":...,"message_type":...}<EVENT_END>`.

    Nothing is lost. The message of a screen event becomes `<fake_image_placeholder>`, and is
    returned beside the text.
    """

    def encode(self, event: Event) -> tuple[str, list[dict[str, Any]]]:
        """The text of an event, and the images that it stands for.

        Raises:
            InvalidInputError: the message is not UTF-8, or not a screen message.
        """
        images: list[dict[str, Any]] = []
        msg = event.msg
        if _is_screen(event.topic, event.message_type):
            try:
                images.append({"screen_event": parse_screen(msg), "original_msg": msg})
            except InvalidMessageError as error:
                raise InvalidInputError(str(error)) from error
            msg = PLACEHOLDER.encode()
        try:
            fields = {
                "topic": event.topic,
                "timestamp": event.timestamp_ns,
                "message": msg.decode(),
                "message_type": event.message_type,
            }
        except UnicodeDecodeError:
            raise InvalidInputError("the message is not UTF-8") from None
        return f"{START}{orjson.dumps(fields).decode()}{END}", images

    def decode(self, text: str, images: Sequence[Mapping[str, Any]] | None = None) -> Event:
        """The event of a text.

        Raises:
            InvalidTokenError: the text is not one of `encode`, or an image is missing.
        """
        if not (text.startswith(START) and text.endswith(END)):
            raise InvalidTokenError(f"the text does not begin with {START} or end with {END}")
        try:
            fields = orjson.loads(text[len(START) : -len(END)])
            topic, kind = str(fields["topic"]), str(fields["message_type"])
            time, msg = int(fields["timestamp"]), str(fields["message"]).encode()
        except (ValueError, TypeError, KeyError) as error:
            raise InvalidTokenError(f"the text is not an event: {error!r}") from error
        if _is_screen(topic, kind) and msg == PLACEHOLDER.encode():
            if not images:
                raise InvalidTokenError("a screen event needs its image")
            original = images[0].get("original_msg")
            msg = original if isinstance(original, bytes) else orjson.dumps(dict(images[0]))
        return Event(topic, time, kind, msg)


def _is_screen(topic: str, message_type: str) -> bool:
    return topic == "screen" and kind_of(message_type) is Screen
