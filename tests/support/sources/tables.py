"""Divide a table into parts, and stage each one, in memory."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from pathlib import Path

from vrdata.sources.port import Part
from vrdata.sources.staged import staged_path, write_staged
from vrdata.sources.tables.formats import table_format
from vrdata.sources.tables.parts import parts_of_table


def parts_of(body: bytes, name: str, *, first: int = 0, limit: int | None = None) -> list[Part]:
    """The parts of a table with these bytes."""
    form = table_format(name)
    assert form is not None
    return list(parts_of_table(io.BytesIO(body), name, len(body), "", form, first, limit))


def staged(body: bytes, parts: list[Part]) -> Iterator[tuple[Part, Path]]:
    """Each part and its staged file, which exists until the next one."""
    for part in parts:
        with tempfile.TemporaryDirectory() as folder:
            file = part.files[0]
            write_staged(file, part.format, Path(folder), lambda start, stop: [body[start:stop]])
            yield part, staged_path(Path(folder), file.name)


def garbled(body: bytes, part: Part) -> bytes:
    """The file with other bytes wherever the part does not need them."""
    if not part.files[0].ranges:
        return body
    garbage = bytearray(b"\xa5" * len(body))
    for start, stop in part.files[0].ranges:
        garbage[start:stop] = body[start:stop]
    return bytes(garbage)
