"""What the encoders with tokens share: time, kinds of events, decoding. Pure."""

from __future__ import annotations

import json
import warnings
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from vrdata.desktop.encoders.digits import digit_tokens, digits_in, number_of, split_tokens
from vrdata.desktop.encoders.errors import (
    InvalidInputError,
    InvalidTokenError,
    UnsupportedInputError,
    UnsupportedTokenError,
)
from vrdata.desktop.encoders.movement import Movement, wheel_steps
from vrdata.desktop.encoders.textual import END, START
from vrdata.desktop.recordings.event import Event
from vrdata.desktop.recordings.messages import (
    InvalidMessageError,
    Keyboard,
    Mouse,
    RawMouse,
    Screen,
    parse,
)

PLACEHOLDER = "<fake_image_placeholder>"
KEYBOARD, MOUSE, SCREEN = "<KEYBOARD>", "<MOUSE>", "<SCREEN>"
PRESS, RELEASE = "<press>", "<release>"
TIME_UNIT_NS = 10_000_000
_KEYS, _FLAGS = 256, 0xFFF


class TokenEncoder(ABC):
    """`<EVENT_START>`, the kind, the time, the data, `<EVENT_END>`, for one recording.

    Time is in units of 10 ms, modulo the product of its bases. The events must come in the order of
    time: the movement of absolute mouse events depends on the one before.

    Attributes:
        time_bases: bases of the digits of the time.
        clamped: number of movements that were too long, and were shortened.
    """

    time_bases: ClassVar[tuple[int, ...]]
    shortest: ClassVar[int]
    longest: ClassVar[int]

    def __init__(self) -> None:
        self._movement = Movement()
        self.clamped = 0

    @property
    @abstractmethod
    def vocab(self) -> frozenset[str]:
        """All tokens that a text can have, but the placeholder of images."""

    @abstractmethod
    def _key(self, vk: int) -> str: ...

    @abstractmethod
    def _vk(self, token: str) -> int: ...

    @abstractmethod
    def _mouse(self, dx: int, dy: int, flags: Sequence[int], steps: int | None) -> list[str]: ...

    @abstractmethod
    def _raw(self, tokens: Sequence[str]) -> tuple[int, int, Sequence[int], int | None]: ...

    def get_vocab(self) -> set[str]:
        """As `vocab`."""
        return set(self.vocab)

    def encode(self, event: Event) -> tuple[str, list[dict[str, Any]]]:
        """The text of an event, and the images that it stands for.

        Raises:
            InvalidInputError: the message cannot be read, or a value is out of range.
            UnsupportedInputError: the event is not of keyboard, mouse or screen.
        """
        try:
            message = parse(event.message_type, event.msg)
        except InvalidMessageError as error:
            raise InvalidInputError(str(error)) from error
        time = digit_tokens(event.timestamp_ns // TIME_UNIT_NS, self.time_bases)
        images: list[dict[str, Any]] = []
        match message:
            case Keyboard(event_type=kind, vk=vk):
                if not 0 <= vk < _KEYS:
                    raise InvalidInputError(f"the key {vk} is not between 0 and {_KEYS - 1}")
                tokens = [KEYBOARD, *time, self._key(vk), f"<{kind}>"]
            case Mouse() | RawMouse():
                tokens = [MOUSE, *time, *self._movement_tokens(message)]
            case Screen():
                tokens = [SCREEN, *time, PLACEHOLDER]
                images.append({"screen_event": message, "original_msg": event.msg})
            case _:
                raise UnsupportedInputError(f"events of {event.message_type or event.topic}")
        return f"{START}{''.join(tokens)}{END}", images

    def decode(self, text: str, images: Sequence[Mapping[str, Any]] | None = None) -> Event:
        """The event of a text: its time modulo the range; mouse events are relative ones.

        Raises:
            InvalidTokenError: the text is not one of `encode`, or an image is missing.
            UnsupportedTokenError: it has an unknown kind of event.
        """
        if not (text.startswith(START) and text.endswith(END)):
            raise InvalidTokenError(f"the text does not begin with {START} or end with {END}")
        tokens = split_tokens(text[len(START) : -len(END)])
        size = 1 + len(self.time_bases)
        if len(tokens) <= size:
            raise InvalidTokenError("the text is too short")
        time = number_of(digits_in(tokens[1:size]), self.time_bases) * TIME_UNIT_NS
        kind, data = tokens[0], tokens[size:]
        if kind == KEYBOARD:
            return Event("keyboard", time, "desktop/KeyboardEvent", self._keyboard_message(data))
        if kind == MOUSE:
            return Event("mouse/raw", time, "desktop/RawMouseEvent", self._mouse_message(data))
        if kind == SCREEN:
            return Event("screen", time, "desktop/ScreenCaptured", _screen_message(data, images))
        raise UnsupportedTokenError(f"{kind} is not a kind of event")

    def _movement_tokens(self, event: Mouse | RawMouse) -> list[str]:
        raw = self._movement.relative(event)
        if not 0 <= raw.button_flags <= _FLAGS:
            raise InvalidInputError(f"the button flags {raw.button_flags} are unknown")
        dx, dy = (max(self.shortest, min(self.longest, one)) for one in (raw.dx, raw.dy))
        if (dx, dy) != (raw.dx, raw.dy):
            self.clamped += 1
            warnings.warn("a mouse movement is too long, and was shortened", stacklevel=3)
        flags = [raw.button_flags >> shift & 0xF for shift in (8, 4, 0)]
        steps = wheel_steps(raw.button_data) if raw.button_data else None
        return self._mouse(dx, dy, flags, steps)

    def _keyboard_message(self, tokens: Sequence[str]) -> bytes:
        if len(tokens) != 2:
            raise InvalidTokenError(f"a key has 2 tokens, not {len(tokens)}")
        if tokens[1] not in {PRESS, RELEASE}:
            raise UnsupportedTokenError(f"{tokens[1]} is neither {PRESS} nor {RELEASE}")
        return _json({"event_type": tokens[1][1:-1], "vk": self._vk(tokens[0])})

    def _mouse_message(self, tokens: Sequence[str]) -> bytes:
        dx, dy, flags, steps = self._raw(tokens)
        number = number_of(flags, (16, 16, 16))
        data = (steps or 0) * 120 & 0xFFFF
        fields = {"last_x": dx, "last_y": dy, "us_flags": 0, "button_flags": number}
        return _json({**fields, "button_data": data})


def _screen_message(tokens: Sequence[str], images: Sequence[Mapping[str, Any]] | None) -> bytes:
    if list(tokens) != [PLACEHOLDER]:
        raise InvalidTokenError(f"a screen event has one token, {PLACEHOLDER}")
    if not images:
        raise InvalidTokenError("a screen event needs its image")
    original = images[0].get("original_msg")
    return original if isinstance(original, bytes) else _json(dict(images[0]))


def _json(fields: Mapping[str, Any]) -> bytes:
    return json.dumps(fields, separators=(",", ":")).encode()
