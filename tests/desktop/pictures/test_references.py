"""What references mean, and where their files are."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from vrdata.desktop.pictures.references import MediaRoots, embedded_bytes, reference_of

RECORDING = "day1/a.mcap"


@pytest.mark.parametrize(
    ("uri", "recording", "roots", "path"),
    [
        ("a.mkv", RECORDING, None, "day1/a.mkv"),
        ("a.mkv", RECORDING, "/data", "/data/day1/a.mkv"),
        ("sub\\a.mkv", RECORDING, "/data", "/data/day1/sub/a.mkv"),
        ("a.mkv", "/old/day1/a.mcap", "/data", "/old/day1/a.mkv"),
        ("a.mkv", "/old/day1/a.mcap", {"/old": "/data/"}, "/data/day1/a.mkv"),
        ("a.mkv", "/older/a.mcap", {"/old": "/data"}, "/older/a.mkv"),
        ("a.mkv", "/old/day1/a.mcap", {"/old": "/x", "/old/day1/": "/y"}, "/y/a.mkv"),
        ("/videos/a.mkv", RECORDING, "/data", "/videos/a.mkv"),
        ("file:///videos/a%20b.mkv", RECORDING, "/data", "/videos/a b.mkv"),
        ("C:\\Users\\me\\a.mkv", RECORDING, {"C:\\Users": "/data"}, "/data/me/a.mkv"),
        ("https://example.org/a.mkv", RECORDING, "/data", None),
        ("data:image/png;base64,AA==", RECORDING, "/data", None),
    ],
)
def test_the_file_of_a_reference(uri: str, recording: str, roots: Any, path: str | None) -> None:
    reference = reference_of({"path": uri, "pts": 5}, recording, MediaRoots(roots))
    assert (reference.path, reference.pts_ns) == (path, 5)


def test_the_bytes_of_an_embedded_picture() -> None:
    data = bytes(range(256))
    text = base64.b64encode(data).decode()
    assert embedded_bytes(f"data:image/png;base64,{text}") == data
    assert embedded_bytes(f"data:;BASE64,{text.replace('+', '%2B')}") == data
    assert embedded_bytes("data:,a%20b") == b"a b"
    for wrong in ("data:image/png;base64", "data:image/png;base64,A", "data:image/png;base64,!!!!"):
        with pytest.raises(ValueError):  # noqa: PT011 - the reason differs
            embedded_bytes(wrong)


def test_a_long_reference_is_shortened_in_messages() -> None:
    reference = reference_of({"path": "data:image/png;base64," + "A" * 999}, "", MediaRoots())
    assert len(reference.name) < 100
    assert reference.name.startswith("data:image/png")
