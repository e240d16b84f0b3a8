"""The encoder of the event pipeline's first version: the event as a Python literal. Pure."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping, Sequence
from typing import Any

from vrdata.desktop.recordings.messages import InvalidMessageError, Screen, kind_of, parse_screen

START, END = "<EVENT_START>", "<EVENT_END>"
IMAGE = b"<IMAGE>"
DROPPED = "<DROPPED>"
_KEYS = ("file_path", "topic", "timestamp_ns", "message_type", "msg")


class EventEncoder:
    """`<EVENT_START>{'topic': ..., 'msg': b'...'}<EVENT_END>`, with the message as stored.

    Nothing but the file path is lost. The message of a screen event becomes `b'<IMAGE>'`, and is
    returned beside the text.

    Args:
        drop_file_path: leave the file path out of the text; it is decoded as `<DROPPED>`.
    """

    def __init__(self, drop_file_path: bool = True) -> None:
        self._drop_file_path = drop_file_path

    def encode(self, raw_event: Mapping[str, Any]) -> tuple[str, list[dict[str, Any]]]:
        """The text of an event, a row of stage 1, and the images that it stands for.

        Raises:
            ValueError: it is no event, or its screen message cannot be read.
        """
        if not isinstance(raw_event, Mapping):
            raise ValueError("the event must be a dictionary")  # noqa: TRY004 - as published
        if missing := set(_KEYS) - raw_event.keys():
            raise ValueError(f"the event has no {', '.join(sorted(missing))}")
        fields = {
            key: value
            for key, value in raw_event.items()
            if not (self._drop_file_path and key == "file_path")
        }
        images: list[dict[str, Any]] = []
        if _is_screen(raw_event):
            try:
                screen = parse_screen(raw_event["msg"])
            except InvalidMessageError as error:
                raise ValueError(f"the screen message cannot be read: {error}") from error
            images.append({"screen_event": screen, "original_msg": raw_event["msg"]})
            fields["msg"] = IMAGE
        return f"{START}{fields}{END}", images

    def decode(
        self, text: str, images: Sequence[Mapping[str, Any]] | None = None
    ) -> dict[str, Any]:
        """The event of a text.

        Args:
            text: of `encode`.
            images: of `encode`; a message as a dictionary is accepted, too.

        Raises:
            ValueError: the text is not one of `encode`, or an image is missing.
        """
        if not (text.startswith(START) and text.endswith(END)):
            raise ValueError(f"the text does not begin with {START} or end with {END}")
        try:
            event = ast.literal_eval(text[len(START) : -len(END)])
        except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError) as error:
            raise ValueError(f"the text is not an event: {error}") from error
        if not isinstance(event, dict):
            raise ValueError("the text is not a dictionary")  # noqa: TRY004 - as published
        if _is_screen(event) and event.get("msg") == IMAGE:
            if not images:
                raise ValueError("a screen event needs its image")
            event["msg"] = _message(images[0])
        if "file_path" not in event:
            event = {"file_path": DROPPED, **event}
        return event

    def encode_batch(
        self, raw_events: Sequence[Mapping[str, Any]]
    ) -> tuple[list[str], list[list[dict[str, Any]]]]:
        """`encode` of each event: the texts, and the images of each."""
        pairs = [self.encode(event) for event in raw_events]
        return [text for text, _ in pairs], [images for _, images in pairs]

    def decode_batch(
        self,
        texts: Sequence[str],
        all_images: Sequence[Sequence[Mapping[str, Any]]] | None = None,
    ) -> list[dict[str, Any]]:
        """`decode` of each text.

        Raises:
            ValueError: there are not as many lists of images as texts.
        """
        images = [[] for _ in texts] if all_images is None else all_images
        if len(texts) != len(images):
            raise ValueError(f"{len(texts)} texts, but {len(images)} lists of images")
        return [self.decode(text, own) for text, own in zip(texts, images, strict=True)]


def _is_screen(event: Mapping[str, Any]) -> bool:
    return event.get("topic") == "screen" and kind_of(str(event.get("message_type"))) is Screen


def _message(image: Mapping[str, Any]) -> bytes:
    original = image.get("original_msg")
    return original if isinstance(original, bytes) else json.dumps(dict(image)).encode()
