"""Volumes: NIfTI and NRRD."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np

_NIFTI_TYPES = {"int16": 4, "uint8": 2}
_NRRD_TYPES = {"int16": "short", "uint8": "uchar"}


def write_nifti(values: np.ndarray, path: Path) -> None:
    """Write int16 or uint8 values of (x, y, z) as compressed NIfTI with voxels of 1 mm."""
    path.parent.mkdir(parents=True, exist_ok=True)
    header = bytearray(348)
    struct.pack_into("<i", header, 0, 348)
    struct.pack_into("<8h", header, 40, values.ndim, *values.shape, *[1] * (7 - values.ndim))
    struct.pack_into("<2h", header, 70, _NIFTI_TYPES[str(values.dtype)], 8 * values.itemsize)
    struct.pack_into("<8f", header, 76, *[1.0] * 8)
    struct.pack_into("<2f", header, 108, 352.0, 1.0)  # where the values begin, and their scale
    struct.pack_into("<h", header, 254, 1)  # the affine transformation below is valid
    for row in range(3):
        struct.pack_into("<4f", header, 280 + 16 * row, *np.eye(4)[row])
    header[344:348] = b"n+1\0"
    data = bytes(header) + bytes(4) + values.tobytes(order="F")
    path.write_bytes(gzip.compress(data, mtime=0))


def write_nrrd(values: np.ndarray, path: Path) -> None:
    """Write int16 or uint8 values of (x, y, z) as NRRD."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = (
        "NRRD0004",
        f"type: {_NRRD_TYPES[str(values.dtype)]}",
        f"dimension: {values.ndim}",
        f"sizes: {' '.join(map(str, values.shape))}",
        "endian: little",
        "encoding: raw",
        "\n",
    )
    path.write_bytes("\n".join(lines).encode() + values.tobytes(order="F"))
