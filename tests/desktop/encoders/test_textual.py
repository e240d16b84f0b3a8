"""The textual encoder writes what its first version wrote, and decodes without evaluating code."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vrdata.desktop.encoders.textual import EventEncoder

KEY = {
    "file_path": "/data/a.mcap",
    "topic": "keyboard",
    "timestamp_ns": 1745362786814673800,
    "message_type": "owa.env.desktop.msg.KeyboardEvent",
    "msg": b'{"event_type":"press","vk":37}',
}
SCREEN = {
    "file_path": "/data/a.mcap",
    "topic": "screen",
    "timestamp_ns": 5,
    "message_type": "owa.env.gst.msg.ScreenEmitted",
    "msg": b'{"path":"a.mkv","pts":7,"utc_ns":9}',
}


def test_a_key_is_written_to_the_letter() -> None:
    assert EventEncoder().encode(KEY) == (
        (
            "<EVENT_START>{'topic': 'keyboard', 'timestamp_ns': 1745362786814673800, "
            "'message_type': 'owa.env.desktop.msg.KeyboardEvent', "
            '\'msg\': b\'{"event_type":"press","vk":37}\'}<EVENT_END>'
        ),
        [],
    )


def test_a_screen_event_stands_for_its_image() -> None:
    text, images = EventEncoder().encode(SCREEN)
    assert "'msg': b'<IMAGE>'" in text
    assert images[0]["original_msg"] == SCREEN["msg"]
    assert EventEncoder().decode(text, images) == SCREEN | {"file_path": "<DROPPED>"}


@given(st.binary(), st.text(), st.integers(0, 2**63))
def test_every_event_comes_back(msg: bytes, topic: str, time: int) -> None:
    event = KEY | {"msg": msg, "topic": topic, "timestamp_ns": time}
    encoder = EventEncoder(drop_file_path=False)
    assert encoder.decode(encoder.encode(event)[0]) == event


def test_batches_are_encoded_and_decoded() -> None:
    encoder = EventEncoder()
    texts, images = encoder.encode_batch([KEY, SCREEN])
    dropped = {"file_path": "<DROPPED>"}
    assert encoder.decode_batch(texts, images) == [KEY | dropped, SCREEN | dropped]
    with pytest.raises(ValueError, match="2 texts, but 1"):
        encoder.decode_batch(texts, images[:1])


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "<EVENT_START>[1]<EVENT_END>",
        "<EVENT_START>__import__('os').getcwd()<EVENT_END>",
        "<EVENT_START>" + "(" * 5000 + "<EVENT_END>",
    ],
)
def test_another_text_is_refused_and_never_run(text: str) -> None:
    with pytest.raises(ValueError, match="text"):
        EventEncoder().decode(text)


def test_events_without_their_fields_are_refused() -> None:
    with pytest.raises(ValueError, match="has no msg"):
        EventEncoder().encode({key: value for key, value in KEY.items() if key != "msg"})
    with pytest.raises(ValueError, match="screen message"):
        EventEncoder().encode(SCREEN | {"msg": b"{"})
    with pytest.raises(ValueError, match="needs its image"):
        EventEncoder().decode(EventEncoder().encode(SCREEN)[0])
