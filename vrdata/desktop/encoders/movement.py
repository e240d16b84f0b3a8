"""Mouse events as relative movement with button flags, also those with absolute places. Pure.

Flags and wheel data are those of Windows, RAWMOUSE (winuser.h).
"""

from __future__ import annotations

from vrdata.desktop.encoders.errors import UnsupportedInputError
from vrdata.desktop.recordings.messages import Mouse, RawMouse

WHEEL_DELTA = 120
_WHEEL, _HORIZONTAL_WHEEL = 0x400, 0x800
_ABSOLUTE = 0x1
_BUTTONS = {
    ("left", True): 0x001,
    ("left", False): 0x002,
    ("right", True): 0x004,
    ("right", False): 0x008,
    ("middle", True): 0x010,
    ("middle", False): 0x020,
    ("x1", True): 0x040,
    ("x1", False): 0x080,
    ("x2", True): 0x100,
    ("x2", False): 0x200,
}


class Movement:
    """Turns the mouse events of one recording into relative ones, in the order of time.

    An event with an absolute place moves by the distance from the place before; the first one does
    not move. A click becomes a flag, a turn of the wheel its data.
    """

    def __init__(self) -> None:
        self._place: tuple[int, int] | None = None

    def relative(self, event: Mouse | RawMouse) -> RawMouse:
        """The event as the device would send it.

        Raises:
            UnsupportedInputError: a device event with an absolute place, or an unknown button.
        """
        if isinstance(event, RawMouse):
            if event.us_flags & _ABSOLUTE:
                raise UnsupportedInputError("a raw mouse event with an absolute place")
            return event
        last = self._place or (event.x, event.y)
        self._place = (event.x, event.y)
        flags, data = _flags(event)
        return RawMouse(
            last_x=event.x - last[0],
            last_y=event.y - last[1],
            button_flags=flags,
            button_data=data,
        )


def _flags(event: Mouse) -> tuple[int, int]:
    if event.event_type == "click":
        flag = _BUTTONS.get((str(event.button), bool(event.pressed)))
        if flag is None:
            raise UnsupportedInputError(f"a click of the button {event.button}")
        return flag, 0
    if event.event_type == "scroll":
        turned, flag = (event.dy, _WHEEL) if event.dy else (event.dx, _HORIZONTAL_WHEEL)
        return flag, (turned or 0) * WHEEL_DELTA & 0xFFFF
    return 0, 0


def wheel_steps(button_data: int) -> int:
    """The steps of the wheel, rounded down: the data is an unsigned 16-bit number."""
    signed = button_data - 0x10000 if button_data >= 0x8000 else button_data
    return signed // WHEEL_DELTA
