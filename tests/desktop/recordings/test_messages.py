"""Messages of all generations are understood, and references find their files."""

from __future__ import annotations

import json

import pytest

from support.desktop.made import GENERATIONS, START, screen_fields
from vrdata.desktop.recordings.media import MediaKind, media_kind, media_path
from vrdata.desktop.recordings.messages import (
    InvalidMessageError,
    MediaRef,
    RawMouse,
    parse,
    parse_screen,
)


@pytest.mark.parametrize("generation", GENERATIONS)
def test_each_generation_says_the_same_of_a_screen(generation: str) -> None:
    screen = parse_screen(json.dumps(screen_fields(generation, 50, "a.mkv")).encode())
    assert screen.media == MediaRef(uri="a.mkv", pts_ns=50)
    assert screen.utc_ns == START + 50
    assert screen.source_shape == (None if generation == "0.1" else (64, 48))


def test_images_beside_and_inside_the_recording_are_references_without_time() -> None:
    beside = parse_screen(b'{"utc_ns":1,"media_ref":{"type":"external_image","path":"a.png"}}')
    assert beside.media == MediaRef(uri="a.png")
    inside = parse_screen(b'{"media_ref":{"type":"embedded","format":"png","data":"iVBORw0KGgo="}}')
    assert inside.media == MediaRef(uri="data:image/png;base64,iVBORw0KGgo=")


def test_a_screen_without_a_picture_has_none() -> None:
    assert parse_screen(b'{"utc_ns":1}').media is None


def test_raw_mouse_events_of_both_forms_are_equal() -> None:
    early = parse("desktop/RawMouseEvent", b'{"dx":3,"dy":-4,"button_flags":1}')
    later = parse(
        "desktop/RawMouseEvent", b'{"last_x":3,"last_y":-4,"us_flags":0,"button_flags":1}'
    )
    assert early == later == RawMouse(last_x=3, last_y=-4, button_flags=1)


@pytest.mark.parametrize("msg", [b"", b"[]", b'{"event_type":"press"}', b'{"vk":1e99}', b"\xff"])
def test_an_invalid_message_is_refused_with_its_kind(msg: bytes) -> None:
    with pytest.raises(InvalidMessageError, match="invalid Keyboard message"):
        parse("owa.env.desktop.msg.KeyboardEvent", msg)


@pytest.mark.parametrize(
    ("uri", "kind", "path"),
    [
        ("a.mkv", MediaKind.RELATIVE, "/rec/a.mkv"),
        ("videos\\a.mkv", MediaKind.RELATIVE, "/rec/videos/a.mkv"),
        ("../a.mkv", MediaKind.RELATIVE, "/rec/../a.mkv"),
        ("/data/a.mkv", MediaKind.ABSOLUTE, "/data/a.mkv"),
        ("C:\\a.mkv", MediaKind.ABSOLUTE, "C:\\a.mkv"),
        ("file:///data/a%20b.mkv", MediaKind.ABSOLUTE, "/data/a b.mkv"),
        ("https://host/a.mkv", MediaKind.URL, None),
        ("s3://bucket/a.mkv", MediaKind.URL, None),
        ("data:image/png;base64,AA==", MediaKind.EMBEDDED, None),
    ],
)
def test_references_are_resolved_from_the_recording(
    uri: str, kind: MediaKind, path: str | None
) -> None:
    assert (media_kind(uri), media_path(uri, "/rec/a.mcap")) == (kind, path)
