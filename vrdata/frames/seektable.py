"""The frames of a clip in the order of presentation: their times, and where decoding can begin."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

_SECOND = 10**9


@dataclass(frozen=True, slots=True, eq=False)
class SeekTable:
    """The frames of a clip.

    Attributes:
        pts: [F] presentation times in the units of the stream, increasing.
        keys: [F] whether decoding can begin with this frame.
        times: [F] nanoseconds of the presentation times, increasing.
        counted: frames have no times of their own, or share them: they are known by their order.
    """

    pts: NDArray[np.int64]
    keys: NDArray[np.bool_]
    times: NDArray[np.int64]
    counted: bool = False

    def __len__(self) -> int:
        """The number of frames."""
        return len(self.pts)

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

    def distrust(self) -> None:
        """From now on, decoding begins with the first frame."""
        self.keys[1:] = False

    def index_of(self, pts: int | None) -> int | None:
        """The frame with this presentation time; None = there is none."""
        if pts is None:
            return None
        at = int(np.searchsorted(self.pts, pts))
        return at if at < len(self.pts) and self.pts[at] == pts else None


def from_packets(container: Any, stream: Any) -> SeekTable | None:
    """A table from the packets, without decoding; None = they cannot be relied on.

    That is so if times are missing or doubled, or if all are marked as key frames although the
    codec has others: a file without a list of key frames looks like that.
    """
    found = [
        (packet.pts, packet.is_keyframe)
        for packet in container.demux(stream)
        if packet.size and not packet.is_discard
    ]
    if any(pts is None for pts, _ in found) or len({pts for pts, _ in found}) < len(found):
        return None
    only_keys = all(key for _, key in found) and len(found) > 1
    if only_keys and not stream.codec_context.codec.intra_only:
        return None
    return _table(found, stream.time_base)


def from_frames(frames: Iterable[Any], stream: Any) -> SeekTable:
    """A table from all frames, decoded from the first to the last.

    A frame without a time, or with one that an earlier frame has, gets the next free one.
    """
    found: list[tuple[int, bool]] = []
    counted = False
    for frame in frames:
        free = found[-1][0] + 1 if found else 0
        own = frame.pts is not None and (not found or frame.pts >= free)
        counted = counted or not own
        found.append((frame.pts if own else free, bool(frame.key_frame)))
    table = _table(found, stream.time_base)
    return replace(table, counted=True, keys=_only_first(len(found))) if counted else table


def _only_first(frames: int) -> NDArray[np.bool_]:
    keys = np.zeros(frames, bool)
    keys[:1] = True
    return keys


def _table(found: list[tuple[int, bool]], unit: Fraction) -> SeekTable:
    found = sorted(found)
    pts = np.array([one for one, _ in found], np.int64)
    keys = np.array([key for _, key in found], bool)
    return SeekTable(pts, keys, _nanoseconds(pts, unit))


def _nanoseconds(pts: NDArray[np.int64], unit: Fraction) -> NDArray[np.int64]:
    """The nearest integers; seconds and their fractions apart, so that nothing overflows."""
    scaled = pts * unit.numerator
    whole, rest = np.divmod(scaled, unit.denominator)
    part = (2 * rest * _SECOND + unit.denominator) // (2 * unit.denominator)
    result: NDArray[np.int64] = whole * _SECOND + part
    return result
