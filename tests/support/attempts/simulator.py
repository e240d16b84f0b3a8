"""Run the BPF program of a seccomp filter, as the kernel does.

Source: the kernel's networking/filter documentation; only the instructions that filters use.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

_MAX_INSTRUCTIONS = 4096  # BPF_MAXINSNS


def decide(program: bytes, architecture: int, number: int, arguments: Sequence[int] = ()) -> int:
    """What the program returns for a system call.

    Args:
        program: an array of `struct sock_filter`.
        architecture: AUDIT_ARCH_*.
        number: of the call.
        arguments: up to six; missing ones are 0.

    Raises:
        ValueError: the kernel would not accept the program.
    """
    code = list(struct.iter_unpack("=HBBI", program))
    if not 0 < len(code) <= _MAX_INSTRUCTIONS:
        raise ValueError(f"{len(code)} instructions")
    passed = [value & 0xFFFFFFFFFFFFFFFF for value in (*arguments, 0, 0, 0, 0, 0, 0)[:6]]
    data = struct.pack("=IIQ6Q", number & 0xFFFFFFFF, architecture, 0, *passed)
    accumulator = place = 0
    while place < len(code):
        kind, yes, no, value = code[place]
        place += 1
        match kind:
            case 0x06:
                return int(value)
            case 0x20:
                accumulator = _word(data, value)
            case 0x54:
                accumulator &= value
            case _:
                place += yes if _holds(kind, accumulator, value) else no
    raise ValueError("the program does not return")


def _word(data: bytes, offset: int) -> int:
    if offset % 4 or offset > len(data) - 4:
        raise ValueError(f"offset {offset}")
    return int.from_bytes(data[offset : offset + 4], "little")


def _holds(kind: int, accumulator: int, value: int) -> bool:
    match kind:
        case 0x15:
            return accumulator == value
        case 0x25:
            return accumulator > value
        case 0x45:
            return bool(accumulator & value)
    raise ValueError(f"instruction {kind:#x}")
