"""The frames of a clip in the order of presentation: their times, and where decoding can begin."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vrdata.frames.nal import CODECS, Entry, Units

_SECOND = 10**9
NO_TIME = np.iinfo(np.int64).min
"""Stands for a time that is unknown."""
_Found = tuple[int, bool, int | None]
"""Times of presentation and of decoding, and in between, whether decoding can begin."""


@dataclass(frozen=True, slots=True, eq=False)
class SeekTable:
    """The frames of a clip.

    Attributes:
        pts: [F] presentation times in the units of the stream, increasing.
        keys: [F] whether decoding can begin with this frame.
        dts: [F] times of decoding in the same units; `NO_TIME` = unknown.
        times: [F] nanoseconds of the presentation times, increasing.
        counted: frames have no times of their own, or share them: they are known by their order.
    """

    pts: NDArray[np.int64]
    keys: NDArray[np.bool_]
    dts: NDArray[np.int64]
    times: NDArray[np.int64]
    counted: bool = False

    def __len__(self) -> int:
        """The number of frames."""
        return len(self.pts)

    @property
    def nbytes(self) -> int:
        """Its memory."""
        return self.pts.nbytes + self.keys.nbytes + self.dts.nbytes + self.times.nbytes

    def key_before(self, index: int) -> int:
        """The last frame, not after `index`, with which decoding can begin."""
        before = np.flatnonzero(self.keys[: index + 1])
        return int(before[-1]) if len(before) else 0

    def nearest(self, time: int) -> int:
        """The frame with the nearest time in nanoseconds; of two, the earlier one."""
        at = int(np.searchsorted(self.times, time))
        if at == len(self.times) or (at and time - self.times[at - 1] <= self.times[at] - time):
            return at - 1
        return at

    def index_of(self, pts: int | None) -> int | None:
        """The frame with this presentation time; None = there is none."""
        if pts is None:
            return None
        at = int(np.searchsorted(self.pts, pts))
        return at if at < len(self.pts) and self.pts[at] == pts else None


def from_packets(container: Any, stream: Any) -> SeekTable | None:
    """A table from the packets, without decoding; None = they cannot be relied on.

    That is so if times are missing or doubled, if decoding cannot begin with the first packet, or
    if all are marked as key frames although the codec has others: a file without a list of key
    frames looks like that. Units of H.264 and HEVC tell key frames themselves.
    """
    context = stream.codec_context
    units = Units(context.name, context.extradata or b"") if context.name in CODECS else None
    found: list[_Found] = []
    marked = total = 0
    for packet in container.demux(stream):
        if not packet.size:
            continue
        entry = _entry(packet, units)
        if entry is Entry.BROKEN or (not total and entry is not Entry.CLEAN):
            return None
        total += 1
        marked += entry is not Entry.NONE
        if not packet.is_discard:
            found.append((packet.pts, entry is not Entry.NONE, packet.dts))
    if any(pts is None for pts, _, _ in found) or len({pts for pts, _, _ in found}) < len(found):
        return None
    if units is None and 1 < total == marked and not context.codec.intra_only:
        return None
    return _table(found, stream.time_base)


def _entry(packet: Any, units: Units | None) -> Entry:
    if units is not None:
        return units.entry(bytes(packet))
    return Entry.CLEAN if packet.is_keyframe else Entry.NONE


def from_frames(frames: Iterable[Any], stream: Any) -> SeekTable:
    """A table from all frames, decoded from the first to the last.

    A frame without a time, or with one that an earlier frame has, gets the next free one.
    """
    found: list[_Found] = []
    counted = False
    for frame in frames:
        free = found[-1][0] + 1 if found else 0
        own = frame.pts is not None and (not found or frame.pts >= free)
        counted = counted or not own
        found.append((frame.pts if own else free, bool(frame.key_frame), None))
    table = _table(found, stream.time_base)
    return replace(table, counted=True, keys=_only_first(len(found))) if counted else table


def _only_first(frames: int) -> NDArray[np.bool_]:
    keys = np.zeros(frames, bool)
    keys[:1] = True
    return keys


def _table(found: list[_Found], unit: Fraction) -> SeekTable:
    found = sorted(found, key=lambda one: one[0])
    pts = np.array([one for one, _, _ in found], np.int64)
    keys = np.array([key for _, key, _ in found], bool)
    dts = np.array([NO_TIME if one is None else one for _, _, one in found], np.int64)
    return SeekTable(pts, keys, dts, _nanoseconds(pts, unit))


def _nanoseconds(pts: NDArray[np.int64], unit: Fraction) -> NDArray[np.int64]:
    """The nearest integers; seconds and their fractions apart, so that nothing overflows."""
    scaled = pts * unit.numerator
    whole, rest = np.divmod(scaled, unit.denominator)
    part = (2 * rest * _SECOND + unit.denominator) // (2 * unit.denominator)
    result: NDArray[np.int64] = whole * _SECOND + part
    return result
