"""Packets of H.264 and HEVC from which decoding can begin: what their units say. Pure.

Containers mark such packets too, but some mark all packets, or none.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum

_START = b"\0\0\1"
_H264_IDR, _H264_SEI, _RECOVERY = 5, 6, 6
_HEVC_BLA, _HEVC_IDR, _HEVC_IRAP, _HEVC_OTHERS = range(16, 19), (19, 20), range(16, 24), 32
_EXTENDED = 0xFF
CODECS = frozenset({"h264", "hevc"})


class Entry(Enum):
    """Whether decoding can begin with a packet."""

    NONE = "none"
    CLEAN = "clean"
    """Nothing after it refers to what was before it."""
    OPEN = "open"
    """Only frames that are shown before it refer to what was before it."""
    BROKEN = "broken"
    """Like open, and these frames are never decoded."""


class Units:
    """Finds the units of packets.

    Args:
        codec: one of `CODECS`.
        extradata: of the stream: tells how the units are separated.
    """

    def __init__(self, codec: str, extradata: bytes) -> None:
        self._hevc = codec == "hevc"
        at = 21 if self._hevc else 4
        self._length = (
            extradata[at] % 4 + 1 if extradata[:1] == b"\1" and len(extradata) > at else 0
        )

    def entry(self, packet: bytes) -> Entry:
        """What the first units of a packet say, up to its first slice."""
        for unit in self._units(packet):
            kind = unit[0] >> 1 & 0x3F if self._hevc else unit[0] & 0x1F
            found = _hevc_entry(kind) if self._hevc else _h264_entry(kind, unit)
            if found is not None:
                return found
        return Entry.NONE

    def _units(self, packet: bytes) -> Iterator[bytes]:
        return _prefixed(packet, self._length) if self._length else _separated(packet)


def _hevc_entry(kind: int) -> Entry | None:
    if kind >= _HEVC_OTHERS:
        return None  # no slice
    if kind in _HEVC_BLA:
        return Entry.BROKEN
    if kind in _HEVC_IDR:
        return Entry.CLEAN
    return Entry.OPEN if kind in _HEVC_IRAP else Entry.NONE


def _h264_entry(kind: int, unit: bytes) -> Entry | None:
    if kind == _H264_IDR:
        return Entry.CLEAN
    if kind == _H264_SEI:
        return Entry.OPEN if _recovers_at_once(unit) else None
    return Entry.NONE if 1 <= kind < _H264_IDR else None


def _recovers_at_once(unit: bytes) -> bool:
    """Whether supplemental information says that all frames from here on are exact."""
    body = unit[1:].replace(b"\0\0\3", b"\0\0")
    at = 0
    while at + 2 < len(body):
        kind, at = _extended(body, at)
        size, at = _extended(body, at)
        if kind == _RECOVERY:
            return at < len(body) and body[at] >= 0x80  # the number of frames to wait, coded, is 0
        at += size
    return False


def _extended(body: bytes, at: int) -> tuple[int, int]:
    value = 0
    while at < len(body) and body[at] == _EXTENDED:
        value, at = value + _EXTENDED, at + 1
    return (value + body[at], at + 1) if at < len(body) else (value, at)


def _prefixed(packet: bytes, length: int) -> Iterator[bytes]:
    at = 0
    while at + length < len(packet):
        size = int.from_bytes(packet[at : at + length], "big")
        at += length
        if size:
            yield packet[at : at + size]
        at += size


def _separated(packet: bytes) -> Iterator[bytes]:
    at = packet.find(_START)
    while at >= 0:
        end = packet.find(_START, at + 3)
        unit = packet[at + 3 : end if end >= 0 else None]
        if unit:
            yield unit
        at = end
