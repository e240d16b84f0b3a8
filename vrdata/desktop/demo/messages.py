"""The messages of recordings of each generation, as its recorder writes them. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from vrdata.desktop.demo.desk import Act, Click, Desk, Key, Move, Scroll

GENERATIONS = ("0.1", "0.3", "0.4", "0.5.0", "0.5.1")
NEWEST = GENERATIONS[-1]
_PREFIXES = {"0.1": "owa_env_desktop.msg.", "0.3": "owa.env.desktop.msg."}
_SCREENS = {"0.1": "owa_env_gst.msg.ScreenEmitted", "0.3": "owa.env.gst.msg.ScreenEmitted"}
_LEFT_DOWN, _LEFT_UP, _WHEEL = 0x0001, 0x0002, 0x0400  # button flags of raw mouse events
_WHEEL_STEP = 120
_DEVICE = 65597


class Message(NamedTuple):
    """One message of a recording.

    Attributes:
        topic: such as `mouse`.
        kind: name of its schema.
        at: when it was recorded; nanoseconds since 1970.
        data: JSON.
        sequence: its number; the recorders leave it 0.
    """

    topic: str
    kind: str
    at: int
    data: bytes
    sequence: int = 0


def message_type(generation: str, name: str) -> str:
    """The schema's name of a message such as `WindowInfo` or `ScreenCaptured`."""
    if name == "ScreenCaptured" and generation in _SCREENS:
        return _SCREENS[generation]
    return _PREFIXES.get(generation, "desktop/") + name


def screen_fields(
    generation: str, video: str, pts: int, utc: int, sizes: tuple[tuple[int, int], tuple[int, int]]
) -> dict[str, Any]:
    """The fields of a screen message.

    Args:
        generation: one of `GENERATIONS`.
        video: path of the video, relative to the recording.
        pts: time of the frame in the video, in nanoseconds.
        utc: when it was captured; nanoseconds since 1970.
        sizes: width and height of the screen, and of the frame.
    """
    source, shape = map(list, sizes)
    match generation:
        case "0.1":
            return {"path": video, "pts": pts, "utc_ns": utc}
        case "0.3":
            old = {"path": video, "pts": pts, "utc_ns": utc}
            return old | {"original_shape": source, "shape": shape}
        case "0.4":
            old = {"utc_ns": utc, "original_shape": source, "shape": shape}
            return old | {"path": video, "pts": pts}
        case "0.5.0":
            ref = {"type": "external_video", "path": video, "pts_ns": pts}
        case _:
            ref = {"uri": video, "pts_ns": pts}
    return {"utc_ns": utc, "source_shape": source, "shape": shape, "media_ref": ref}


@dataclass(frozen=True)
class Recorder:
    """Says what a recorder writes.

    Args:
        generation: one of `GENERATIONS`.
        video: path of the video, relative to the recording.
        start: when the recording begins; nanoseconds since 1970.
        sizes: width and height of the screen, and of a frame.
    """

    generation: str
    video: str
    start: int
    sizes: tuple[tuple[int, int], tuple[int, int]]

    def screen(self, pts: int, delay: int) -> Message:
        """A frame, of which the recorder learns `delay` nanoseconds later."""
        fields = screen_fields(self.generation, self.video, pts, self.start + pts, self.sizes)
        return self._message("screen", "ScreenCaptured", pts + delay, fields)

    def states(self, desk: Desk, at: int) -> Iterator[Message]:
        """The messages that a recorder writes every second."""
        rect = list(desk.layout.windows[desk.window])
        window = {"title": desk.window.value, "rect": rect, "hWnd": 131074 + rect[0]}
        yield self._message("window", "WindowInfo", at, window)
        held = "pressed_vk_list" if self.generation == "0.1" else "buttons"
        yield self._message("keyboard/state", "KeyboardState", at, {held: list(desk.keys)})
        x, y = desk.cursor
        mouse = {"x": x, "y": y, "buttons": list(desk.buttons)}
        yield self._message("mouse/state", "MouseState", at, mouse)

    def act(self, act: Act, before: Desk) -> Iterator[Message]:
        """The messages of an input.

        Args:
            act: the input.
            before: the desktop before it.
        """
        match act:
            case Key(at, vk, pressed):
                fields = {"event_type": "press" if pressed else "release", "vk": vk}
                yield self._message("keyboard", "KeyboardEvent", at, fields)
                return
            case Move(at, x, y):
                fields = {"event_type": "move", "x": x, "y": y}
            case Click(at, x, y, pressed):
                fields = {"event_type": "click", "x": x, "y": y, "button": "left"}
                fields["pressed"] = pressed
            case Scroll(at, x, y, dy):
                fields = {"event_type": "scroll", "x": x, "y": y, "dx": 0, "dy": dy}
        if self.generation == NEWEST:
            yield self._message("mouse/raw", "RawMouseEvent", at, self._raw(act, before))
        yield self._message("mouse", "MouseEvent", at, fields)

    def _raw(self, act: Move | Click | Scroll, before: Desk) -> dict[str, Any]:
        x, y = before.cursor
        flags = data = 0
        if isinstance(act, Click):
            flags = _LEFT_DOWN if act.pressed else _LEFT_UP
        elif isinstance(act, Scroll):
            flags, data = _WHEEL, act.dy * _WHEEL_STEP
        return {
            "last_x": act.x - x,
            "last_y": act.y - y,
            "us_flags": 0,
            "button_flags": flags,
            "button_data": data,
            "device_handle": _DEVICE,
            "timestamp": self.start + act.at,
        }

    def _message(self, topic: str, name: str, at: int, fields: dict[str, Any]) -> Message:
        data = json.dumps(fields, separators=(",", ":")).encode()
        return Message(topic, message_type(self.generation, name), self.start + at, data)
