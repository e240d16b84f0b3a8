"""A size that a file declares is compared with a limit before that many bytes are read."""

from __future__ import annotations

import io
import struct
import tracemalloc

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from vrdata.errors import InvalidInputError
from vrdata.sources.port import Part
from vrdata.sources.tables.formats import table_format
from vrdata.sources.tables.parts import parts_of_table

SIZE = 1 << 33  # bytes of each file; all but its ends are zeros
TOO_LONG = (1 << 24) + 1
LIMIT = "more than 16.0 MiB"


class Sparse(io.RawIOBase):
    """A file of zeros with some bytes at its start and its end; keeps what is read."""

    def __init__(self, start: bytes, end: bytes) -> None:
        super().__init__()
        self.start, self.end, self.place, self.received = start, end, 0, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self.place = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self.place, io.SEEK_END: SIZE}[whence]
        return self.place

    def read(self, size: int = -1) -> bytes:
        size = min(SIZE - self.place, 1 << 25 if size < 0 else size)
        self.received += size
        assert self.received < 1 << 26, "it reads what the file declares"
        found = bytearray(size)
        for at, known in ((0, self.start), (SIZE - len(self.end), self.end)):
            first, last = max(self.place, at), min(self.place + size, at + len(known))
            if first < last:
                found[first - self.place : last - self.place] = known[first - at : last - at]
        self.place += size
        return bytes(found)

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        found = self.read(len(buffer))
        buffer[: len(found)] = found
        return len(found)


def schema_message() -> bytes:
    return pa.schema([("n", pa.int64())]).serialize().to_pybytes()


def parts(name: str, start: bytes, end: bytes) -> list[Part]:
    form = table_format(name)
    assert form is not None
    file = Sparse(start, end)
    return list(parts_of_table(file, name, SIZE, "", form, 0))  # type: ignore[arg-type]


@pytest.mark.parametrize("length", [TOO_LONG, (1 << 31) - 1, (1 << 32) - 1])
def test_a_long_footer_is_refused_by_name(length: int) -> None:
    tail = length.to_bytes(4, "little")
    schema = b"ARROW1\0\0" + schema_message()
    for name, start, end in (
        ("rows.parquet", b"PAR1", tail + b"PAR1"),
        ("rows.arrow", schema, tail + b"ARROW1"),
    ):
        tracemalloc.start()
        with pytest.raises(InvalidInputError, match=rf"{name} cannot be read as") as caught:
            parts(name, start, end)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert LIMIT in caught.value.why
        assert peak < 1 << 26


@pytest.mark.parametrize("before", [b"", b"ARROW1\0\0"], ids=["stream", "file"])
def test_a_long_message_is_refused_by_name(before: bytes) -> None:
    with pytest.raises(InvalidInputError, match=r"rows\.arrow cannot be read as") as caught:
        parts("rows.arrow", before + b"\xff\xff\xff\xff" + TOO_LONG.to_bytes(4, "little"), b"")
    assert LIMIT in caught.value.why


def test_a_schema_with_a_long_body_is_refused_by_name() -> None:
    fields = struct.pack("<6H", 12, 24, 0, 4, 8, 16)  # kind, header and length of the body
    flat = struct.pack("<I", 16) + fields + struct.pack("<iIIIq", 12, 1, 8, 0, 1 << 32)
    found = b"\xff\xff\xff\xff" + struct.pack("<I", len(flat)) + flat
    with pytest.raises(InvalidInputError, match=r"rows\.arrow cannot be read as") as caught:
        parts("rows.arrow", found, b"")
    assert "its schema has 4.0 GiB" in caught.value.why


def test_a_footer_cannot_refer_to_the_same_bytes_again_and_again() -> None:
    body, first = io.BytesIO(), pa.record_batch({"n": list(range(1000))})
    with pa.ipc.new_file(body, first.schema) as writer:
        for batch in (first, *[first.slice(0, 1)] * 8):
            writer.write_batch(batch)
    data = bytearray(body.getvalue())
    length = int.from_bytes(data[-10:-6], "little")
    blocks = data.index((9).to_bytes(4, "little"), len(data) - 10 - length) + 4
    for number in range(1, 9):
        data[blocks + 24 * number : blocks + 24 * (number + 1)] = data[blocks : blocks + 24]
    with pytest.raises(InvalidInputError, match="cannot be read as an Arrow file") as caught:
        list(parts_of_table(io.BytesIO(data), "a.arrow", len(data), "", "arrow", 0))
    assert "more bytes than it has" in caught.value.why


def test_a_footer_below_the_limit_is_read() -> None:
    table = pa.table({f"column_{number}": [1] for number in range(1000)})
    body = io.BytesIO()
    pq.write_table(table, body)
    found = parts_of_table(body, "a.parquet", len(body.getvalue()), "", "parquet", 0)
    assert sum(part.items for part in found) == 1
