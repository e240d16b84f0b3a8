"""Read a Pillow image's pixels, without a copy if the Pillow version allows it."""

from __future__ import annotations

import ctypes
from functools import lru_cache
from typing import Any

import numpy as np
import PIL
from numpy.typing import NDArray
from PIL import Image

# Reading them warns from Pillow 11.1 on, and a generator may make warnings errors.
_HAS_POINTERS = tuple(map(int, PIL.__version__.split(".")[:2])) < (11, 1)
# Whether this version of Pillow has an interface for it.
READS_IN_PLACE = _HAS_POINTERS or hasattr(Image.new("RGB", (1, 1)).im, "__arrow_c_array__")
# Its Arrow interface ends the process for memory of a file or an array, and without pixels
# (python-pillow/Pillow#9896).
_CRASHES_ON_BORROWED = int(PIL.__version__.split(".")[0]) < 13
_POINTER = ctypes.sizeof(ctypes.c_void_p)
_capsule_pointer = ctypes.pythonapi.PyCapsule_GetPointer
_capsule_pointer.restype = ctypes.c_void_p
_capsule_pointer.argtypes = (ctypes.py_object, ctypes.c_char_p)


class _ArrowArray(ctypes.Structure):
    """The layout of the Arrow C data interface (https://arrow.apache.org)."""


_ArrowArray._fields_ = [
    ("length", ctypes.c_int64),
    ("null_count", ctypes.c_int64),
    ("offset", ctypes.c_int64),
    ("n_buffers", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("buffers", ctypes.POINTER(ctypes.c_void_p)),
    ("children", ctypes.POINTER(ctypes.POINTER(_ArrowArray))),
    ("dictionary", ctypes.c_void_p),
    ("release", ctypes.c_void_p),
    ("private_data", ctypes.c_void_p),
]


class Packed:
    """The four bytes of each pixel of an RGB or RGBA image at `address`, while this object lives.

    In an RGB image, the fourth byte has no meaning.

    Attributes:
        address: of the first pixel.
        in_place: whether it is the image's own memory, not a copy.
    """

    __slots__ = ("_keep", "_size", "address", "in_place")

    def __init__(self, image: Image.Image) -> None:
        image.load()
        self._size = image.size
        self._keep: object
        borrowed = bool(image.readonly) or not all(self._size)
        self.address, self._keep = _address(image.im, borrowed=borrowed)
        self.in_place = self.address != 0
        if not self.in_place:
            raw = "RGBX" if image.mode == "RGB" else image.mode
            data = np.frombuffer(image.tobytes("raw", raw), np.uint8)
            self.address, self._keep = data.ctypes.data, data

    def view(self) -> NDArray[np.uint8]:
        """The bytes as an array (height, width, 4), which keeps them valid."""
        return _array(self.address, self._keep, self._size)

    def words(self) -> NDArray[np.uint32]:
        """The pixels as an array (height, width) of four bytes each, which keeps them valid."""
        return self.view().view(np.uint32)[:, :, 0]


def core_view(core: Any) -> NDArray[np.uint8] | None:
    """The RGBX bytes of `im` of an RGB image as an array (height, width, 4), without a copy.

    None where its rows are not contiguous, or cannot be found.
    """
    borrowed = bool(getattr(core, "readonly", True))  # a file's memory is never RGB
    address, keep = _address(core, borrowed=borrowed)
    return _array(address, keep, core.size) if address else None


def _array(address: int, keep: object, size: tuple[int, int]) -> NDArray[np.uint8]:
    width, height = size
    raw: Any = (ctypes.c_ubyte * (width * height * 4)).from_address(address)
    raw.keep = keep
    return np.frombuffer(raw, np.uint8).reshape(height, width, 4)


def _address(core: Any, *, borrowed: bool) -> tuple[int, object]:
    """Address of the first pixel, or 0, and its owner.

    Args:
        core: an image's `im`.
        borrowed: whether its memory may belong to a file or an array.
    """
    address = _row_address(core)
    return (address, core) if address else _arrow_address(core, borrowed=borrowed)


def _row_address(core: Any) -> int:
    """Address of the first pixel, or 0 when the rows are not contiguous."""
    pointers = getattr(core, "unsafe_ptrs", None) if _HAS_POINTERS else None
    if pointers is None:
        return 0
    table = dict(pointers).get("image32", 0)
    if not table:
        return 0
    width, height = core.size
    raw: Any = (ctypes.c_char * (height * _POINTER)).from_address(table)
    rows: NDArray[np.uintp] = np.frombuffer(raw, np.uintp)
    if (rows - rows[0] != _offsets(height, width * 4)).any():
        return 0
    return int(rows[0])


@lru_cache(maxsize=8)
def _offsets(height: int, stride: int) -> NDArray[np.uintp]:
    """Where each row of an image in one piece begins, in bytes after the first one."""
    return np.arange(height, dtype=np.uintp) * np.uintp(stride)


def _arrow_address(core: Any, *, borrowed: bool) -> tuple[int, object]:
    """Address of the first pixel from Pillow's Arrow interface (since 11.3), and its owner."""
    export = getattr(core, "__arrow_c_array__", None)
    if export is None or (borrowed and _CRASHES_ON_BORROWED):
        return 0, None
    try:
        kept = export()
    except ValueError:  # the pixels are not contiguous
        return 0, None
    array = _ArrowArray.from_address(_capsule_pointer(kept, b"arrow_array"))
    if array.n_children != 1 or array.offset or array.length != core.size[0] * core.size[1]:
        return 0, None
    values = array.children[0].contents
    if values.n_buffers != 2 or values.offset or values.length != array.length * 4:
        return 0, None
    return int(values.buffers[1] or 0), kept
