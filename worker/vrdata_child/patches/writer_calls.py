"""The arguments of cv2.VideoWriter, bound as OpenCV binds them. Pure.

OpenCV tries its four forms in turn and takes the first whose arguments all convert.
"""

from __future__ import annotations

import operator
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

_SHORT = ("filename", "fourcc", "fps", "frameSize")
_LONG = ("filename", "apiPreference", "fourcc", "fps", "frameSize")
# The required arguments of each form, and its last one, which is optional for isColor.
_FORMS = (
    (_SHORT, "isColor"),
    (_LONG, "isColor"),
    (_SHORT, "params"),
    (_LONG, "params"),
)
# cv2.VIDEOWRITER_PROP_*: of those that can be set, the ones that change no frame.
_IS_COLOR, _DEPTH, _KEY_INTERVAL = 4, 5, 10
_HARMLESS = frozenset({6, 7, 8, _KEY_INTERVAL})  # hardware acceleration, key frames


@dataclass(frozen=True, slots=True)
class WriterCall:
    """A call that opens a video.

    Attributes:
        path: the file.
        api: cv2.CAP_*; 0 = any.
        code: the four letters of the codec.
        fps: frames per second.
        size: width and height in pixels.
        color: frames are BGR, not grey.
        plain: no other property is set.
    """

    path: Path
    api: int
    code: str
    fps: float
    size: tuple[int, int]
    color: bool
    plain: bool


def bind(arguments: Sequence[Any], named: Mapping[str, Any]) -> WriterCall | None:
    """The call, or None if OpenCV refuses its arguments."""
    for required, last in _FORMS:
        names = (*required, last)
        if len(arguments) > len(names):
            continue
        given = dict(zip(names, arguments, strict=False))
        if given.keys() & named.keys():
            continue
        given |= named
        optional = {last} if last == "isColor" else set()
        if not set(names) - optional <= given.keys() <= set(names):
            continue
        try:
            values = {name: _CONVERSIONS[name](value) for name, value in given.items()}
        except (TypeError, ValueError, OverflowError):
            continue
        return _call(values)
    return None


def _call(values: Mapping[str, Any]) -> WriterCall:
    params = values.get("params", {})
    color = bool(params.get(_IS_COLOR, values.get("isColor", True)))
    others = params.keys() - _HARMLESS - {_IS_COLOR}
    plain = not others or (others == {_DEPTH} and params[_DEPTH] == 0)  # 0 = CV_8U
    code = "".join(chr(values["fourcc"] >> shift & 0xFF) for shift in (0, 8, 16, 24))
    return WriterCall(
        path=Path(values["filename"]),
        api=values.get("apiPreference", 0),
        code=code,
        fps=values["fps"],
        size=values["frameSize"],
        color=color,
        plain=plain,
    )


def _integer(value: Any) -> int:
    if isinstance(value, bool | np.bool_):
        raise TypeError
    return operator.index(value)


def _number(value: Any) -> float:
    if isinstance(value, str | bytes):
        raise TypeError
    return float(value)


def _boolean(value: Any) -> bool:
    if value is None:
        return True  # the default
    if isinstance(value, np.bool_):
        return bool(value)
    return operator.index(value) != 0


def _pair(value: Any) -> tuple[int, int]:
    width, height = value
    return _integer(width), _integer(height)


def _properties(value: Any) -> dict[int, int]:
    numbers = [_integer(number) for number in value]
    return dict(zip(numbers[::2], numbers[1::2], strict=True))


_CONVERSIONS: dict[str, Callable[[Any], Any]] = {
    "filename": os.fsdecode,
    "apiPreference": _integer,
    "fourcc": _integer,
    "fps": _number,
    "frameSize": _pair,
    "isColor": _boolean,
    "params": _properties,
}
