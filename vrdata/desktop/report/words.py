"""Events of sequences in a few words. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import NamedTuple

from vrdata.dataset.report.texts import cut
from vrdata.desktop.cores.choices import EncoderName
from vrdata.desktop.encoders.errors import EventEncoderError
from vrdata.desktop.encoders.registry import create_encoder
from vrdata.desktop.encoders.textual import EventEncoder
from vrdata.desktop.recordings.messages import (
    InvalidMessageError,
    Keyboard,
    Mouse,
    Parsed,
    RawMouse,
    parse,
)
from vrdata.text import printable_line

MAX_TEXT = 200
"""Characters of an event that is shown as it is."""
_KEYS = {
    0x08: "Backspace", 0x09: "Tab", 0x0D: "Enter", 0x10: "Shift", 0x11: "Ctrl", 0x12: "Alt",
    0x14: "Caps Lock", 0x1B: "Esc", 0x20: "Space", 0x21: "Page Up", 0x22: "Page Down", 0x23: "End",
    0x24: "Home", 0x25: "Left", 0x26: "Up", 0x27: "Right", 0x28: "Down", 0x2E: "Delete",
    0x5B: "Win", 0xA0: "Shift", 0xA1: "Shift", 0xA2: "Ctrl", 0xA3: "Ctrl", 0xA4: "Alt", 0xA5: "Alt",
}  # fmt: skip


class Words(NamedTuple):
    """An event in words.

    Attributes:
        kind: `key`, `move`, `mouse`, or `other`.
        text: what happens.
        by: pixels of a relative movement.
    """

    kind: str
    text: str
    by: tuple[int, int] | None = None


def in_words(texts: Iterable[str], encoder: str) -> Iterator[Words]:
    """Encoded events in words; consecutive movements become one.

    Args:
        texts: of one sequence, in order.
        encoder: its name; texts of an unknown one are shown as they are.
    """
    words = (_words(text, encoder) for text in texts)
    for kind, group in groupby(words, key=lambda one: one.kind):
        if kind != "move":
            yield from group
            continue
        yield _joined(list(group))


def _joined(moves: list[Words]) -> Words:
    """Consecutive movements as one: where they end, or their sum."""
    steps = [move.by for move in moves if move.by is not None]
    last = moves[-1]
    if len(steps) == len(moves):
        last = _movement(sum(dx for dx, _ in steps), sum(dy for _, dy in steps))
    return last._replace(text=last.text + (f" ({len(moves)} events)" if len(moves) > 1 else ""))


def _movement(dx: int, dy: int) -> Words:
    return Words("move", f"mouse by {dx:+}, {dy:+}", (dx, dy))


def key_name(vk: int) -> str:
    """The name of a Windows virtual key code."""
    if 0x30 <= vk <= 0x39 or 0x41 <= vk <= 0x5A:
        return chr(vk)
    if 0x70 <= vk <= 0x87:
        return f"F{vk - 0x6F}"
    return _KEYS.get(vk, f"key {vk}")


def _words(text: str, encoder: str) -> Words:
    try:
        parsed = _parsed(text, encoder)
    except (EventEncoderError, InvalidMessageError, ValueError):
        parsed = None
    words = None if parsed is None else _of_message(parsed)
    return words or Words("other", cut(printable_line(text, "?"), MAX_TEXT))


def _parsed(text: str, encoder: str) -> Parsed | None:
    if encoder == EncoderName.TEXTUAL:
        event = EventEncoder().decode(text)
        msg = event.get("msg")
        return parse(str(event.get("message_type")), msg if isinstance(msg, bytes) else b"")
    found = create_encoder(encoder).decode(text)
    return parse(found.message_type, found.msg)


def _of_message(message: Parsed) -> Words | None:
    match message:
        case Keyboard(event_type=event_type, vk=vk):
            return Words("key", f"{event_type} {key_name(vk)}")
        case Mouse():
            return _of_mouse(message)
        case RawMouse(button_flags=0, dx=dx, dy=dy):
            return _movement(dx, dy)
        case RawMouse(button_flags=flags, button_data=data):
            return Words("mouse", f"buttons {flags:#06x}" + (f", {data:+}" if data else ""))
    return None


def _of_mouse(mouse: Mouse) -> Words:
    if mouse.event_type == "move":
        return Words("move", f"mouse to {mouse.x}, {mouse.y}")
    if mouse.event_type == "scroll":
        return Words("mouse", f"scroll {mouse.dx or 0}, {mouse.dy or 0}")
    button = cut(printable_line(mouse.button or "button"), 20)
    return Words("mouse", f"{button} {'down' if mouse.pressed else 'up'} at {mouse.x}, {mouse.y}")
