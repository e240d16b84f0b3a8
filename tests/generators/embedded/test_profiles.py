"""Colour profiles that are in a file, and that Pillow does not read."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable

import pytest
from PIL import Image

from generators.test_colours import ADOBE, OWN, near
from vrdata_generators.embedded.profiles import profile_in


def bmp(profile: bytes) -> bytes:
    """A BMP with the header of version 5, of one pixel."""
    pixels = bytes((200, 150, 100, 0))
    header = struct.pack("<IiiHHIIiiII", 124, 1, 1, 1, 24, 0, 4, 0, 0, 0, 0)
    header += bytes(16) + b"DEBM" + bytes(48) + struct.pack("<IIII", 4, 128, len(profile), 0)
    at = 14 + len(header)
    return struct.pack("<2sIII", b"BM", at + 4 + len(profile), 0, at) + header + pixels + profile


def gif(profile: bytes) -> bytes:
    """A GIF of one pixel, with a comment before the profile."""
    plain = io.BytesIO()
    Image.new("RGB", (1, 1), (100, 150, 200)).save(plain, "GIF")
    body = plain.getvalue()
    at = 13 + (3 << (body[10] & 7) + 1)
    blocks = [profile[start : start + 255] for start in range(0, len(profile), 255)]
    extensions = b"\x21\xfe\x05hello\0\x21\xff\x0bICCRGBG1012"
    extensions += b"".join(bytes([len(one)]) + one for one in blocks) + b"\0"
    return body[:at] + extensions + body[at:]


def jp2(profile: bytes) -> bytes:
    """A JPEG 2000 file whose box colr has a profile."""
    plain = io.BytesIO()
    Image.new("RGB", (1, 1), (100, 150, 200)).save(plain, "JPEG2000")
    body = plain.getvalue()
    assert body.count(b"colr") == 1
    at = body.index(b"colr") - 4
    old = int.from_bytes(body[at : at + 4])
    new = struct.pack(">I4sBBB", 11 + len(profile), b"colr", 2, 0, 0) + profile
    head = body.index(b"jp2h") - 4
    size = int.from_bytes(body[head : head + 4]) + len(new) - old
    return body[:head] + struct.pack(">I", size) + body[head + 4 : at] + new + body[at + old :]


FORMS: dict[Callable[[bytes], bytes], str] = {bmp: "BMP", gif: "GIF", jp2: "JPEG2000"}


@pytest.mark.parametrize("write", FORMS)
def test_a_profile_that_pillow_does_not_read_is_applied(write: Callable[[bytes], bytes]) -> None:
    assert near(write(ADOBE), 66, 151, 203)
    assert near(write(OWN), 100, 150, 200)


@pytest.mark.parametrize("write", FORMS)
def test_a_damaged_place_of_a_profile_never_hides_the_pixels(
    write: Callable[[bytes], bytes],
) -> None:
    body = write(ADOBE)
    for stop in range(0, len(body), 7):
        assert isinstance(profile_in(FORMS[write], body[:stop]), bytes)
    assert near(body.replace(ADOBE[:100], bytes(100)), 100, 150, 200)
