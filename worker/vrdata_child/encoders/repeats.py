"""Write a frame that repeats the previous one into an H.264 stream, without encoding it.

Such a frame is a P slice in which every macroblock is skipped: some twenty bytes. x264 does not
know of it, so its later frames get new numbers. Names and sections are those of ITU-T H.264.
"""

from __future__ import annotations

import functools
import re

_START = re.compile(rb"\x00\x00\x00?\x01")
_SLICE, _SPS, _PPS = 1, 7, 8  # nal_unit_type
_REFERENCE = 0x40  # nal_ref_idc 2
_WITH_CHROMA_FORMAT = (100, 110, 122, 244)  # profile_idc
# Table 9-44 (range of the less probable symbol) from the state on with which all slices begin here:
# cabac_init_idc 2 and QP 51 give mb_skip_flag state 44 (section 9.3.1.1).
_INIT_IDC, _QP = 2, 51
_LPS = (
    (14, 18, 21, 24), (14, 17, 20, 23), (13, 16, 19, 22), (12, 15, 18, 21), (12, 14, 17, 20),
    (11, 14, 16, 19), (11, 13, 15, 18), (10, 12, 15, 17), (10, 12, 14, 16), (9, 11, 13, 15),
    (9, 11, 12, 14), (8, 10, 12, 14), (8, 9, 11, 13), (7, 9, 11, 12), (7, 9, 10, 12),
    (7, 8, 10, 11), (6, 8, 9, 11), (6, 7, 9, 10), (6, 7, 8, 9),
)  # fmt: skip


class UnsupportedStreamError(Exception):
    """The stream has a feature that frames written here would have to know."""


class Repeats:
    """Writes repeated frames between those of x264, all of them references.

    Args:
        headers: the stream's parameter sets, with start codes.

    Raises:
        UnsupportedStreamError: not a stream as vrdata's settings give it.
    """

    def __init__(self, headers: bytes) -> None:
        units = {unit[0] & 31: _Bits(_unescaped(unit)[1:]) for unit in _units(headers)}
        if _SPS not in units or _PPS not in units:
            raise UnsupportedStreamError("no parameter sets")
        self._number_bits, self._macroblocks = _sequence(units[_SPS])
        self._quantizer, self._deblocking = _picture(units[_PPS])
        self._number = self._added = 0

    def add(self) -> bytes:
        """A frame that repeats the previous one."""
        self._number += 1
        self._added += 1
        number = format(self._number % 2**self._number_bits, f"0{self._number_bits}b")
        header = _ue(0) + _ue(5) + _ue(0) + number + "000"
        header += _ue(_INIT_IDC) + _se(_QP - self._quantizer) + _ue(1) * self._deblocking
        header += "1" * (-len(header) % 8)
        body = _bytes(header + _all_skipped(self._macroblocks))
        return b"\0\0\0\1" + _escaped(bytes([_REFERENCE | _SLICE]) + body)

    def renumbered(self, packet: bytes, *, key: bool) -> bytes | None:
        """A frame of x264 with its number among all frames; None = it has that already."""
        if key:
            self._number = self._added = 0
            return None
        self._number += 1
        if not self._added % 2**self._number_bits:
            return None
        return b"".join(b"\0\0\0\1" + self._with_number(unit) for unit in _units(packet))

    def _with_number(self, unit: bytes) -> bytes:
        if unit[0] & 31 != _SLICE:
            return unit
        body = bytearray(_unescaped(unit))
        bits = _Bits(bytes(body[1:17]))
        for _ in range(3):  # first_mb_in_slice, slice_type, pic_parameter_set_id
            bits.ue()
        for at in range(self._number_bits):
            byte, shift = divmod(8 + bits.position + at, 8)
            bit = self._number >> (self._number_bits - 1 - at) & 1
            body[byte] = body[byte] & ~(128 >> shift) | bit * (128 >> shift)
        return _escaped(bytes(body))


def _sequence(bits: _Bits) -> tuple[int, int]:
    """Bits of a frame's number, and macroblocks of a frame (section 7.3.2.1.1)."""
    profile = bits.u(8)
    bits.u(16)
    bits.ue()
    if profile in _WITH_CHROMA_FORMAT:
        if bits.ue() == 3:
            bits.require(bits.u(1) == 0, "colour planes of their own")
        bits.ue(), bits.ue(), bits.u(1)
        bits.require(bits.u(1) == 0, "scaling lists")
    number_bits = bits.ue() + 4
    bits.require(bits.ue() == 2, "an order of output of its own")
    bits.ue(), bits.u(1)
    macroblocks = (bits.ue() + 1) * (bits.ue() + 1)
    bits.require(bits.u(1) == 1, "fields")
    return number_bits, macroblocks


def _picture(bits: _Bits) -> tuple[int, int]:
    """The quantizer that slices start from, and 1 if they control deblocking (7.3.2.2)."""
    bits.require(bits.ue() == 0, "several parameter sets")
    bits.ue()
    bits.require(bits.u(1) == 1, "CAVLC")
    bits.require(bits.u(1) == 0, "fields")
    bits.require(bits.ue() == 0, "slice groups")
    bits.ue(), bits.ue()
    bits.require(bits.u(1) == 0, "weighted prediction")
    bits.u(2)
    quantizer = 26 + bits.se()
    bits.se(), bits.se()
    deblocking = bits.u(1)
    bits.u(1)
    bits.require(bits.u(1) == 0, "redundant pictures")
    return quantizer, deblocking


@functools.lru_cache(maxsize=16)
def _all_skipped(macroblocks: int) -> str:
    """Slice data: mb_skip_flag 1 for each, then the end (section 9.3.4).

    Only the more probable symbol occurs, so the lower bound stays 0 until the end.
    """
    width, state, zeros = 510, 0, 0
    for left in range(macroblocks - 1, -1, -1):
        width -= _LPS[state][width >> 6 & 3]
        state = min(state + 1, len(_LPS) - 1)
        for spent in (0, 2):
            width -= spent
            if width < 256 and (left or not spent):
                width *= 2
                zeros += 1
    return ("0" * zeros + format(width | 1, "010b"))[1:]


class _Bits:
    """Reads bits; beyond the end there are zeros."""

    def __init__(self, data: bytes) -> None:
        self._bits = "".join(format(byte, "08b") for byte in data)
        self.position = 0

    def u(self, count: int) -> int:
        """An unsigned number of `count` bits."""
        self.position += count
        return int(self._bits[self.position - count : self.position].ljust(count, "0"), 2)

    def ue(self) -> int:
        """An Exp-Golomb number."""
        zeros = max(self._bits.find("1", self.position), self.position) - self.position
        self.position += zeros
        return self.u(zeros + 1) - 1

    def se(self) -> int:
        """A signed Exp-Golomb number."""
        value = self.ue()
        return (value + 1) // 2 if value % 2 else -value // 2

    @staticmethod
    def require(met: bool, otherwise: str) -> None:
        """Raises UnsupportedStreamError unless `met`."""
        if not met:
            raise UnsupportedStreamError(otherwise)


def _ue(value: int) -> str:
    bits = format(value + 1, "b")
    return "0" * (len(bits) - 1) + bits


def _se(value: int) -> str:
    return _ue(2 * value - 1 if value > 0 else -2 * value)


def _bytes(bits: str) -> bytes:
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


def _units(stream: bytes) -> list[bytes]:
    return [unit for unit in _START.split(stream) if unit]


def _escaped(unit: bytes) -> bytes:
    return re.sub(rb"\x00\x00(?=[\x00-\x03])", b"\0\0\3", unit)


def _unescaped(unit: bytes) -> bytes:
    return unit.replace(b"\0\0\3", b"\0\0")
