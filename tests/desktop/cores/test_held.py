"""What is held down is followed through events of all kinds."""

from __future__ import annotations

import json
from typing import Any

import pytest

from vrdata.desktop.cores.held import Held, Holding
from vrdata.desktop.recordings.event import Event


def held(*events: tuple[str, dict[str, Any]]) -> Held:
    holding = Holding()
    for kind, fields in events:
        holding.follow(Event("topic", 0, f"desktop/{kind}", json.dumps(fields).encode()))
    return holding.held


def key(kind: str, vk: int) -> tuple[str, dict[str, Any]]:
    return "KeyboardEvent", {"event_type": kind, "vk": vk}


def test_keys_are_held_until_they_are_released() -> None:
    assert held(key("press", 17), key("press", 65)).keys == (17, 65)
    assert held(key("press", 17), key("press", 17), key("release", 17)).keys == ()
    assert held(key("release", 9)).keys == ()


@pytest.mark.parametrize("name", ["buttons", "pressed_vk_list"])
def test_a_state_message_replaces_what_was_followed(name: str) -> None:
    assert held(key("press", 17), ("KeyboardState", {name: [65, 16]})).keys == (16, 65)


def test_buttons_are_followed_through_absolute_and_raw_events() -> None:
    click = {"event_type": "click", "x": 0, "y": 0, "button": "left", "pressed": True}
    right = ("RawMouseEvent", {"last_x": 0, "last_y": 0, "button_flags": 0x004})
    left_up = ("RawMouseEvent", {"dx": 1, "dy": 0, "button_flags": 0x002})
    assert held(("MouseEvent", click), right).buttons == ("left", "right")
    assert held(("MouseEvent", click), right, left_up).buttons == ("right",)
    assert held(right, ("MouseState", {"x": 1, "y": 1, "buttons": []})).buttons == ()


def test_messages_that_cannot_be_read_are_counted() -> None:
    holding = Holding()
    holding.follow(Event("keyboard", 0, "desktop/KeyboardEvent", b'{"vk":'))
    holding.follow(Event("pen", 0, "other/Pen", b"?"))
    assert (holding.invalid, holding.held) == (1, Held())
