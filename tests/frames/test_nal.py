"""Which packets decoding can begin with, told by the units of H.264 and HEVC."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vrdata.frames.nal import Entry, Units

AVC, HVC = b"\1\x64\0\x1f\xff", b"\1" + b"\0" * 20 + b"\xff"
SEPARATED = b"\0\0\0\1\x67"


def prefixed(*units: bytes) -> bytes:
    return b"".join(len(unit).to_bytes(4, "big") + unit for unit in units)


def separated(*units: bytes) -> bytes:
    return b"".join(b"\0\0\1" + unit for unit in units)


def hevc(kind: int) -> bytes:
    return bytes([kind << 1, 1, 7])


@pytest.mark.parametrize(
    ("units", "entry"),
    [
        ([b"\x09\x10", b"\x67abc", b"\x68d", b"\x65slice"], Entry.CLEAN),
        ([b"\x41slice"], Entry.NONE),
        ([b"\x06\x06\x01\x80\x80", b"\x61slice"], Entry.OPEN),
        ([b"\x06\x06\x01\x50\x80", b"\x61slice"], Entry.NONE),  # exact only some frames later
        ([b"\x06\x05\xff\x02" + b"x" * 257 + b"\x06\x01\xc4\x80", b"\x41slice"], Entry.OPEN),
        ([b"\x06\x05\x04\0\0\3\0\0\x06\x01\x84\x80", b"\x41slice"], Entry.OPEN),
        ([b"\x06\x06"], Entry.NONE),
        ([], Entry.NONE),
    ],
)
def test_packets_of_h264(units: list[bytes], entry: Entry) -> None:
    assert Units("h264", AVC).entry(prefixed(*units)) is entry
    assert Units("h264", SEPARATED).entry(separated(*units)) is entry


@pytest.mark.parametrize(
    ("kind", "entry"),
    [
        (1, Entry.NONE),
        (9, Entry.NONE),
        (16, Entry.BROKEN),
        (19, Entry.CLEAN),
        (20, Entry.CLEAN),
        (21, Entry.OPEN),
    ],
)
def test_packets_of_hevc(kind: int, entry: Entry) -> None:
    units = [hevc(35), hevc(32), hevc(39), hevc(kind)]
    assert Units("hevc", HVC).entry(prefixed(*units)) is entry
    assert Units("hevc", b"").entry(separated(*units)) is entry


@given(st.sampled_from(["h264", "hevc"]), st.binary(max_size=40), st.binary(max_size=80))
def test_any_bytes_are_read(codec: str, extradata: bytes, packet: bytes) -> None:
    assert Units(codec, extradata).entry(packet) in Entry
