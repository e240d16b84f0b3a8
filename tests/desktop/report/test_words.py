"""Events in a few words."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vrdata.desktop.cores.choices import EncoderName
from vrdata.desktop.encoders.registry import text_encoder
from vrdata.desktop.recordings.event import Event
from vrdata.desktop.report.words import MAX_TEXT, in_words

RAW = {"last_x": 3, "last_y": -4, "button_flags": 0, "button_data": 0}


def texts(encoder: EncoderName, *messages: tuple[str, dict[str, object]]) -> list[str]:
    """The encoded texts of messages."""
    encode = text_encoder(encoder)
    found = []
    for name, fields in messages:
        topic = "keyboard" if name == "KeyboardEvent" else "mouse"
        text = encode.text(Event(topic, 5, f"desktop/{name}", json.dumps(fields).encode()))
        assert text is not None
        found.append(text)
    return found


@pytest.mark.parametrize("encoder", list(EncoderName))
def test_events_of_all_encoders_have_words(encoder: EncoderName) -> None:
    made = texts(
        encoder,
        ("KeyboardEvent", {"event_type": "press", "vk": 65}),
        ("RawMouseEvent", RAW),
        ("RawMouseEvent", RAW),
        ("KeyboardEvent", {"event_type": "release", "vk": 0x0D}),
        ("RawMouseEvent", RAW | {"last_x": 0, "last_y": 0, "button_flags": 1}),
    )
    assert [words.text for words in in_words(made, encoder)] == [
        "press A",
        "mouse by +6, -8 (2 events)",
        "release Enter",
        "buttons 0x0001",
    ]


def test_positions_are_those_of_the_last_of_several_movements() -> None:
    made = texts(
        EncoderName.TEXTUAL,
        ("MouseEvent", {"event_type": "move", "x": 1, "y": 2}),
        ("MouseEvent", {"event_type": "move", "x": 3, "y": 4}),
        ("MouseEvent", {"event_type": "click", "x": 3, "y": 4, "button": "left", "pressed": True}),
        ("MouseEvent", {"event_type": "scroll", "x": 3, "y": 4, "dx": 0, "dy": -1}),
    )
    assert [words.text for words in in_words(made, "textual")] == [
        "mouse to 3, 4 (2 events)",
        "left down at 3, 4",
        "scroll 0, -1",
    ]


@given(st.text(), st.sampled_from([*EncoderName, "unknown"]))
def test_any_other_text_is_shown_as_it_is(text: str, encoder: str) -> None:
    (words,) = in_words([text], encoder)
    assert words.kind == "other"
    assert len(words.text) <= MAX_TEXT
    assert not {unicodedata.category(letter) for letter in words.text} & {"Cc", "Cf", "Cs"}
