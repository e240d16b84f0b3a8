"""Stand-ins for cv2.imwrite and cv2.imencode: PNG by vrdata's encoder, the rest by OpenCV.

OpenCV itself also gets what it treats in its own way: 16 bits, black and white, several images,
invalid arguments, and files that cannot be written.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from vrdata_child.encoders import png

_MAX_SIDE = 2**20  # CV_IO_MAX_IMAGE_WIDTH; OpenCV refuses a larger image
# Channels to the colour type of PNG, and what to convert it with.
_KINDS = {1: (0, None), 3: (2, cv2.COLOR_BGR2RGB), 4: (6, cv2.COLOR_BGRA2RGBA)}
# Settings that change the size only: level, strategy, size of the buffer, filter (new versions).
_HARMLESS = frozenset(
    getattr(cv2, f"IMWRITE_PNG_{name}", cv2.IMWRITE_PNG_COMPRESSION)
    for name in ("COMPRESSION", "STRATEGY", "ZLIBBUFFER_SIZE", "FILTER")
)


def install(in_memory: Callable[[], bool]) -> None:
    """Patch this process.

    Args:
        in_memory: whether cv2.imencode is redirected now; cv2.imwrite always is.
    """
    cv2.imwrite = _imwrite(cv2.imwrite)
    cv2.imencode = _imencode(cv2.imencode, in_memory)


def _imwrite(original: Any) -> Any:
    @functools.wraps(original)
    def imwrite(*arguments: Any, **named: Any) -> Any:
        call = _call(("filename", "img", "params"), arguments, named)
        name = _file_name(call.get("filename"))
        data = _encoded(name, call.get("img"), call.get("params"))
        if data is None:
            return original(*arguments, **named)
        try:
            Path(name).write_bytes(data)
        except (OSError, ValueError):
            return original(*arguments, **named)
        return True

    return imwrite


def _imencode(original: Any, in_memory: Callable[[], bool]) -> Any:
    @functools.wraps(original)
    def imencode(*arguments: Any, **named: Any) -> Any:
        call = _call(("ext", "img", "params"), arguments, named) if in_memory() else {}
        name = f"a{call['ext']}" if isinstance(call.get("ext"), str) else ""
        data = _encoded(name, call.get("img"), call.get("params"))
        if data is None:
            return original(*arguments, **named)
        return True, np.frombuffer(data, np.uint8).copy()

    return imencode


def _call(
    names: tuple[str, ...], arguments: tuple[Any, ...], named: dict[str, Any]
) -> dict[str, Any]:
    """The arguments by name; empty if OpenCV would refuse them."""
    given = dict(zip(names, arguments, strict=False))
    wrong = len(arguments) > len(names) or given.keys() & named.keys()
    return {} if wrong or not named.keys() <= set(names) else given | named


def _file_name(given: Any) -> str:
    """The name of a file; "" for what this version of OpenCV may refuse."""
    if isinstance(given, str):
        return given
    if not isinstance(given, Path):
        return ""
    try:
        return str(given) if cv2.haveImageWriter(given) else ""
    except cv2.error:  # an old version
        return ""


def _encoded(name: str, image: Any, params: Any) -> bytes | None:
    """The PNG bytes; None = for OpenCV."""
    if os.path.splitext(name)[1].lower() != ".png" or not _is_harmless(params):  # noqa: PTH122
        return None
    if not isinstance(image, np.ndarray) or image.dtype != np.uint8 or image.ndim not in (2, 3):
        return None
    height, width = image.shape[:2]
    kind = _KINDS.get(1 if image.ndim == 2 else image.shape[2])
    if kind is None or not 0 < height <= _MAX_SIDE or not 0 < width <= _MAX_SIDE:
        return None
    return png.png_bytes((width, height, kind[0]), _stream(np.asarray(image), kind[1]))


def _is_harmless(params: Any) -> bool:
    """Whether the settings are pairs that OpenCV accepts and that change no pixel."""
    if params is None or not isinstance(params, list | tuple):
        return params is None
    known = all(type(value) is int for value in params) and len(params) % 2 == 0
    return known and _HARMLESS.issuperset(params[::2])


def _stream(image: NDArray[np.uint8], conversion: int | None) -> bytes:
    height = image.shape[0]
    length = image.size // height

    def rows(top: int, end: int) -> NDArray[np.uint8]:
        band = image[top:end]
        if conversion is not None:
            band = cv2.cvtColor(np.ascontiguousarray(band), conversion)  # type: ignore[assignment]
        return band.reshape(end - top, length)

    return png.zlib_stream(rows, height, length)
