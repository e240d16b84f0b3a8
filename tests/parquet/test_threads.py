"""Parquet is read in the calling thread alone.

A thread of pyarrow that still releases a Python object when the interpreter ends would abort a
process whose work is done.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from support.builders import build_finished_run, make_plan
from vrdata.model import OutputFormat
from vrdata.parquet import open_parquet, read_batches, read_group
from vrdata.store.file.store import FileStore

COLUMNS = [f"c{number}" for number in range(8)]
ROWS = 100

# Other threads know nothing of Python: that of jemalloc, pyarrow's allocator, is not counted,
# and OpenBLAS, which numpy uses, starts none.
ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1"}
TELL_THREADS = """
import os, sys
from pathlib import Path

def tell_threads():
    names = [path.read_text() for path in Path("/proc/self/task").glob("*/comm")]
    others = [name for name in names if not name.startswith("jemalloc")]
    sys.stderr.write(f"pyarrow={'pyarrow' in sys.modules} threads={len(others)}")
"""
ALONE = "pyarrow=True threads=1"

VERIFY = """
import atexit
atexit.register(tell_threads)
from vrdata.cli.main import main
main()
"""

READ_PARTS = """
import io
import pyarrow as pa
from vrdata.sources.parts import list_digest, read_parts, write_parts
from vrdata.sources.port import Part, PartFile
parts = [Part(n, 1, (PartFile("f", 1),)) for n in range(3000)]
file = io.BytesIO()
write_parts(parts, file)
list_digest(file)
assert list(read_parts(file, 0, 3000)) == parts
assert list(read_parts(pa.BufferReader(file.getvalue()), 0, 3000)) == parts
tell_threads()
"""


class Watched(io.BytesIO):
    """A file that notes which threads read it."""

    def __init__(self, body: bytes) -> None:
        super().__init__(body)
        self.threads: set[int] = set()

    def read(self, size: int | None = -1) -> bytes:
        self.threads.add(threading.get_ident())
        return super().read(size)


@pytest.fixture
def table() -> pa.Table:
    return pa.table({name: list(range(ROWS)) for name in COLUMNS})


@pytest.fixture
def file(table: pa.Table) -> Watched:
    written = io.BytesIO()
    pq.write_table(table, written, row_group_size=ROWS // 4)
    return Watched(written.getvalue())


def whole(parquet: pq.ParquetFile) -> pa.Table:
    return pa.concat_tables(read_group(parquet, n) for n in range(parquet.num_row_groups))


def in_batches(parquet: pq.ParquetFile) -> pa.Table:
    return pa.Table.from_batches(read_batches(parquet, 30, COLUMNS))


@pytest.mark.parametrize("read", [whole, in_batches])
def test_only_the_calling_thread_reads_the_file(
    file: Watched, table: pa.Table, read: Callable[[Any], pa.Table]
) -> None:
    assert read(open_parquet(file)).equals(table)
    assert file.threads == {threading.get_ident()}


def test_an_iteration_that_stops_early_leaves_no_reader(file: Watched) -> None:
    batches = read_batches(open_parquet(file), 10, COLUMNS)
    next(batches)
    batches.close()  # type: ignore[attr-defined]
    assert file.threads == {threading.get_ident()}


def threads_of(code: str, *arguments: object) -> str:
    """What a process tells of its threads, after it has done its work."""
    done = subprocess.run(
        [sys.executable, "-c", TELL_THREADS + code, *map(str, arguments)],
        env=os.environ | ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


@pytest.mark.parametrize("output_format", ["webdataset", "parquet"])
def test_no_thread_of_pyarrow_is_left_when_a_command_ends(
    tmp_path: Path, output_format: OutputFormat
) -> None:
    build_finished_run(FileStore(tmp_path), make_plan(output_format=output_format))
    assert threads_of(VERIFY, "verify", tmp_path, "--no-decode", "-o", "json") == ALONE


def test_no_thread_of_pyarrow_is_left_when_a_list_of_parts_is_read() -> None:
    assert threads_of(READ_PARTS) == ALONE
