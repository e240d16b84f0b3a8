"""The encoders with tokens: their exact forms, what comes back, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vrdata.desktop.encoders.digits import split_tokens
from vrdata.desktop.encoders.errors import (
    EventEncoderError,
    InvalidInputError,
    InvalidTokenError,
    UnsupportedInputError,
    UnsupportedTokenError,
)
from vrdata.desktop.encoders.registry import create_encoder
from vrdata.desktop.encoders.tokens import PLACEHOLDER
from vrdata.desktop.recordings.event import Event

NAMES = ("hierarchical", "factorized")
RANGES = {"hierarchical": (-2000, 1999, 16 * 10**9), "factorized": (-1999, 1999, 10 * 10**9)}


def event(topic: str, kind: str, time: int = 0, **fields: Any) -> Event:
    return Event(topic, time, f"desktop/{kind}", json.dumps(fields).encode())


def raw(time: int = 0, **fields: int) -> Event:
    return event("mouse/raw", "RawMouseEvent", time, **{"last_x": 0, "last_y": 0, **fields})


@pytest.mark.parametrize(
    ("name", "made", "text"),
    [
        (
            "hierarchical",
            event("keyboard", "KeyboardEvent", 12_340_000_000, event_type="press", vk=65),
            "<KEYBOARD><12><3><4><65><press>",
        ),
        (
            "factorized",
            event("keyboard", "KeyboardEvent", 12_340_000_000, event_type="release", vk=65),
            "<KEYBOARD><2><3><4><VK_65><release>",
        ),
        (
            "hierarchical",
            raw(last_x=64, last_y=-3, button_flags=0x401, button_data=0xFF88),
            "<MOUSE><0><0><0><0><1><0><19><6><9><4><7><4><0><1><1><9>",
        ),
        (
            "factorized",
            raw(last_x=64, last_y=-3, button_flags=0x401, button_data=0xFF88),
            (
                "<MOUSE><0><0><0><SIGN_PLUS><0><0><6><4><SIGN_MINUS><0><0><0><3>"
                "<MB_4><MB_0><MB_1><SIGN_MINUS><1>"
            ),
        ),
        (
            "factorized",
            event("screen", "ScreenCaptured", 10_000_000, path="a.mkv", pts=1),
            f"<SCREEN><0><0><1>{PLACEHOLDER}",
        ),
    ],
)
def test_events_are_written_to_the_letter(name: str, made: Event, text: str) -> None:
    assert create_encoder(name).encode(made)[0] == f"<EVENT_START>{text}<EVENT_END>"


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data(), time=st.integers(0, 2**62), vk=st.integers(0, 255))
def test_keys_come_back_with_their_time_in_units_of_10_ms(
    name: str, data: st.DataObject, time: int, vk: int
) -> None:
    kind = data.draw(st.sampled_from(["press", "release"]))
    made = event("keyboard", "KeyboardEvent", time, event_type=kind, vk=vk)
    found = create_encoder(name).decode(create_encoder(name).encode(made)[0])
    assert json.loads(found.msg) == {"event_type": kind, "vk": vk}
    assert found.timestamp_ns == time // 10**7 * 10**7 % RANGES[name][2]


@pytest.mark.parametrize("name", NAMES)
@given(
    dx=st.integers(-1999, 1999),
    dy=st.integers(-1999, 1999),
    flags=st.integers(0, 0xFFF),
    steps=st.integers(-9, 9),
)
def test_movements_flags_and_wheel_come_back(
    name: str, dx: int, dy: int, flags: int, steps: int
) -> None:
    fields = {"last_x": dx, "last_y": dy, "us_flags": 0, "button_flags": flags}
    fields["button_data"] = steps * 120 & 0xFFFF
    text, _ = create_encoder(name).encode(raw(**fields))
    assert json.loads(create_encoder(name).decode(text).msg) == fields
    assert set(split_tokens(text)) <= create_encoder(name).vocab


@pytest.mark.parametrize("name", NAMES)
def test_too_long_movements_are_shortened_with_a_warning(name: str) -> None:
    encoder = create_encoder(name)
    with pytest.warns(UserWarning, match="too long"):
        text, _ = encoder.encode(raw(last_x=-5000, last_y=5000))
    found = json.loads(encoder.decode(text).msg)
    assert (found["last_x"], found["last_y"]) == RANGES[name][:2]


@pytest.mark.parametrize("name", NAMES)
def test_absolute_mouse_events_become_movements(name: str) -> None:
    encoder = create_encoder(name)
    steps = [
        ({"event_type": "move", "x": 100, "y": 50}, (0, 0, 0, 0)),
        ({"event_type": "move", "x": 103, "y": 40}, (3, -10, 0, 0)),
        (
            {"event_type": "click", "x": 103, "y": 40, "button": "left", "pressed": True},
            (0, 0, 1, 0),
        ),
        ({"event_type": "scroll", "x": 103, "y": 41, "dx": 0, "dy": -1}, (0, 1, 0x400, 0xFF88)),
    ]
    for fields, wanted in steps:
        text, _ = encoder.encode(event("mouse", "MouseEvent", **fields))
        found = json.loads(encoder.decode(text).msg)
        got = tuple(found[key] for key in ("last_x", "last_y", "button_flags", "button_data"))
        assert got == wanted


@pytest.mark.parametrize("name", [*NAMES, "json"])
def test_a_screen_event_comes_back_with_its_image(name: str) -> None:
    encoder = create_encoder(name)
    made = event("screen", "ScreenCaptured", 10**7, media_ref={"uri": "a.mkv", "pts_ns": 5})
    text, images = encoder.encode(made)
    assert encoder.decode(text, images) == made
    with pytest.raises(InvalidTokenError, match="needs its image"):
        encoder.decode(text)


@given(st.text(), st.text(), st.integers(0, 2**63 - 1))
def test_json_loses_nothing(msg: str, topic: str, time: int) -> None:
    made = Event(topic, time, "desktop/KeyboardEvent", msg.encode())
    assert create_encoder("json").decode(create_encoder("json").encode(made)[0]) == made


def test_json_is_written_to_the_letter() -> None:
    made = Event("keyboard", 7, "desktop/KeyboardEvent", b'{"vk":1}')
    assert create_encoder("JSON").encode(made)[0] == (
        '<EVENT_START>{"topic":"keyboard","timestamp":7,"message":"{\\"vk\\":1}",'
        '"message_type":"desktop/KeyboardEvent"}<EVENT_END>'
    )


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("made", "error"),
    [
        (event("keyboard", "KeyboardEvent", event_type="press", vk=256), InvalidInputError),
        (event("keyboard", "KeyboardEvent", event_type="hold", vk=1), InvalidInputError),
        (raw(button_flags=0x1000), InvalidInputError),
        (raw(button_data=120 * 11), InvalidInputError),
        (raw(us_flags=1), UnsupportedInputError),
        (event("window", "WindowInfo", title="a"), UnsupportedInputError),
        (event("other", "Unknown"), UnsupportedInputError),
    ],
)
def test_events_that_cannot_be_expressed_are_refused(
    name: str, made: Event, error: type[Exception]
) -> None:
    with pytest.raises(error):
        create_encoder(name).encode(made)


@pytest.mark.parametrize("name", [*NAMES, "json"])
@given(st.lists(st.sampled_from(["<KEYBOARD>", "<MOUSE>", "<SCREEN>", "<1>", "<VK_1>", "<press>",
    "<SIGN_PLUS>", "<MB_1>", "<999>", "x", "{", "<X>"]), max_size=20))  # fmt: skip
def test_other_texts_are_refused_with_an_error_of_the_encoder(name: str, parts: list[str]) -> None:
    text = f"<EVENT_START>{''.join(parts)}<EVENT_END>"
    encoder = create_encoder(name)
    try:
        found = encoder.decode(text)
    except EventEncoderError:
        return
    assert encoder.encode(found)[0] == text


def test_an_unknown_kind_is_named() -> None:
    with pytest.raises(UnsupportedTokenError, match="<PEN>"):
        create_encoder("factorized").decode("<EVENT_START><PEN><0><0><0><1><EVENT_END>")
    with pytest.raises(ValueError, match="json, hierarchical, factorized"):
        create_encoder("pickle")
