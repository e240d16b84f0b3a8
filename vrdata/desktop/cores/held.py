"""Which keys and mouse buttons are held down, followed through events. Pure."""

from __future__ import annotations

from typing import NamedTuple

from vrdata.desktop.recordings.event import Event
from vrdata.desktop.recordings.messages import (
    InvalidMessageError,
    Keyboard,
    KeyboardState,
    Mouse,
    MouseState,
    RawMouse,
    parse,
)

# Flags of RAWMOUSE.usButtonFlags (winuser.h): pressed, released.
_FLAGS = {
    "left": (0x001, 0x002),
    "right": (0x004, 0x008),
    "middle": (0x010, 0x020),
    "x1": (0x040, 0x080),
    "x2": (0x100, 0x200),
}


class Held(NamedTuple):
    """What is held down.

    Attributes:
        keys: Windows virtual key codes, ascending.
        buttons: names of mouse buttons, sorted.
    """

    keys: tuple[int, ...] = ()
    buttons: tuple[str, ...] = ()


class Holding:
    """Follows the events of one recording.

    Attributes:
        held: after the events so far.
        invalid: number of messages that could not be read.
    """

    def __init__(self) -> None:
        self.held = Held()
        self.invalid = 0

    def follow(self, event: Event) -> None:
        """Take one more event into account; the last state message of a device wins."""
        try:
            message = parse(event.message_type, event.msg)
        except InvalidMessageError:
            self.invalid += 1
            return
        match message:
            case Keyboard(event_type=kind, vk=key):
                self._keys({*self.held.keys} - {key} | ({key} if kind == "press" else set()))
            case KeyboardState(pressed=keys):
                self._keys(set(keys))
            case Mouse(event_type="click", button=str(button), pressed=pressed):
                self._buttons({*self.held.buttons} - {button} | ({button} if pressed else set()))
            case MouseState(buttons=buttons):
                self._buttons(set(buttons))
            case RawMouse(button_flags=flags) if flags:
                down = {name for name, (pressed, _) in _FLAGS.items() if flags & pressed}
                up = {name for name, (_, released) in _FLAGS.items() if flags & released}
                self._buttons(({*self.held.buttons} | down) - up)

    def _keys(self, keys: set[int]) -> None:
        self.held = Held(tuple(sorted(keys)), self.held.buttons)

    def _buttons(self, buttons: set[str]) -> None:
        self.held = Held(self.held.keys, tuple(sorted(buttons)))
