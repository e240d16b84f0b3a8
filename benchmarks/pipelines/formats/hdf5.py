"""HDF5 files of groups, datasets of float64 and attributes, in the format's first version."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

_UNDEFINED = b"\xff" * 8
_SUPERBLOCK = 96  # bytes
# Types of messages in an object's header.
_DATASPACE, _LINKS, _DATATYPE, _LINK, _LAYOUT, _GROUP, _ATTRIBUTE = 1, 2, 3, 6, 8, 10, 12
_FLOAT64 = struct.pack("<B3BIHHBBBBI", 0x11, 0x20, 63, 0, 8, 0, 64, 52, 11, 0, 52, 1023)
_INT64 = struct.pack("<B3BIHH", 0x10, 8, 0, 0, 8, 0, 64)

Value = float | int | bytes


@dataclass(frozen=True)
class Group:
    """A group of an HDF5 file.

    Attributes:
        members: groups, or values of datasets, by name.
        attributes: by name.
    """

    members: Mapping[str, Group | np.ndarray] = field(default_factory=dict)
    attributes: Mapping[str, Value] = field(default_factory=dict)


def hdf5(root: Group) -> bytes:
    """The file with this root group."""
    body = bytearray()
    address = _add(body, root)
    numbers = struct.pack("<BBBBBBBBHHI", 0, 0, 0, 0, 0, 8, 8, 0, 4, 16, 0)
    size = struct.pack("<Q", _SUPERBLOCK + len(body))
    entry = struct.pack("<QQII16x", 0, address, 0, 0)
    places = bytes(8) + _UNDEFINED + size + _UNDEFINED
    return b"\x89HDF\r\n\x1a\n" + numbers + places + entry + bytes(body)


def _add(body: bytearray, node: Group | np.ndarray) -> int:
    """Append an object and all below it; its address in the file."""
    messages = _group(body, node) if isinstance(node, Group) else _dataset(body, node)
    return _append(body, struct.pack("<BBHII4x", 1, 0, *_sizes(messages)) + b"".join(messages))


def _sizes(messages: list[bytes]) -> tuple[int, int, int]:
    return len(messages), 1, sum(map(len, messages))


def _group(body: bytearray, group: Group) -> list[bytes]:
    places = {name: _add(body, member) for name, member in group.members.items()}
    return [
        _message(_LINKS, bytes(2) + 2 * _UNDEFINED),
        _message(_GROUP, bytes(2)),
        *[_message(_LINK, _link(name, place)) for name, place in places.items()],
        *[_message(_ATTRIBUTE, _attribute(*one)) for one in group.attributes.items()],
    ]


def _dataset(body: bytearray, values: np.ndarray) -> list[bytes]:
    data = values.astype("<f8").tobytes()
    place = _append(body, data)
    shape = struct.pack(f"<BBB5x{values.ndim}Q", 1, values.ndim, 0, *values.shape)
    layout = struct.pack("<BBQQ", 3, 1, place, len(data))
    return [
        _message(_DATASPACE, shape),
        _message(_DATATYPE, _FLOAT64),
        _message(_LAYOUT, layout),
    ]


def _link(name: str, address: int) -> bytes:
    text = name.encode()
    return struct.pack("<BBB", 1, 0, len(text)) + text + struct.pack("<Q", address)


def _attribute(name: str, value: Value) -> bytes:
    kind, data = _stored(value)
    scalar = struct.pack("<BBB5x", 1, 0, 0)
    text = name.encode() + b"\0"
    head = struct.pack("<BBHHH", 1, 0, len(text), len(kind), len(scalar))
    return head + _padded(text) + _padded(kind) + scalar + data


def _stored(value: Value) -> tuple[bytes, bytes]:
    """The datatype of a value, and its bytes."""
    if isinstance(value, bytes):
        return struct.pack("<B3BI", 0x13, 0, 0, 0, len(value)), value
    if isinstance(value, int):
        return _INT64, struct.pack("<q", value)
    return _FLOAT64, struct.pack("<d", value)


def _message(kind: int, data: bytes) -> bytes:
    padded = _padded(data)
    return struct.pack("<HHB3x", kind, len(padded), 0) + padded


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 8)


def _append(body: bytearray, data: bytes) -> int:
    place = _SUPERBLOCK + len(body)
    body += _padded(data)
    return place
