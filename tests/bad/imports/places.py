"""Where a bad import runs: a folder, a hub, and what a case changes in them."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from support.datasets.puzzles import puzzles, write_puzzles
from support.services.hub.faults import Fault
from support.services.hub.server import Hub
from vrdata.sources.hub.requests import client, patience

SET = "lab/set"
FILE = "data/test.parquet"
CARD = """---
configs:
- config_name: easy
  data_files: [{split: test, path: data/test.parquet}]
- config_name: hard
  data_files: [{split: test, path: data/hard.parquet}]
---
"""


@dataclass(frozen=True)
class Place:
    """A folder that is the current one, with `table.csv`, and a hub with the set `lab/set`."""

    folder: Path
    hub: Hub
    patch: pytest.MonkeyPatch


@dataclass(frozen=True)
class Case:
    """A bad import.

    Attributes:
        words: what follows `vrdata import`, as in a shell.
        code: its exit code.
        expected: a part of the error.
        change: makes the place bad.
        token: in HF_TOKEN.
    """

    words: str
    code: int
    expected: str
    change: Callable[[Place], object] = bool
    token: str = ""


def puzzle_file(rows: int = 4) -> bytes:
    """A Parquet file of puzzles."""
    body = io.BytesIO()
    write_puzzles(body, puzzles(rows, size=8))
    return body.getvalue()


def prepare(place: Place) -> None:
    """What every case has."""
    (place.folder / "table.csv").write_text("image,prompt\na,b\n")
    (place.folder / "puzzles.parquet").write_bytes(puzzle_file())
    files = {"README.md": CARD.encode(), FILE: puzzle_file(), "data/hard.parquet": puzzle_file()}
    place.hub.create(SET, files)
    # A failure is final immediately: how long the Hub is waited for has its own tests.
    place.patch.setattr(patience, "SILENT_SECONDS", 0.0)
    place.patch.setitem(client.LIMITS, "read", 0.1)


def state_of(folder: Path) -> dict[str, bytes | None]:
    """Everything below a folder; None = it is no regular file."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        if path.is_file() and not path.is_symlink()
        else None
        for path in folder.rglob("*")
    }


def file(name: str, body: bytes | str) -> Callable[[Place], object]:
    """A file of the current folder."""

    def write(place: Place) -> None:
        path = place.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body.encode() if isinstance(body, str) else body)

    return write


def link(name: str, target: str) -> Callable[[Place], object]:
    """A symbolic link in the current folder."""

    def write(place: Place) -> None:
        path = place.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target)

    return write


def table_file(*rows: dict[str, Any]) -> bytes:
    """A Parquet file of these rows."""
    body = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(list(rows)), body)
    return body.getvalue()


def setting(name: str, value: object) -> Callable[[Place], object]:
    """A setting of the set."""
    return lambda place: setattr(place.hub.repositories[SET], name, value)


def committed(path: str, body: bytes | None) -> Callable[[Place], object]:
    """A newer commit of the set."""
    return lambda place: place.hub.repositories[SET].commit({path: body})


def failing(fault: Fault, path: str) -> Callable[[Place], object]:
    """Requests of these paths fail."""
    return lambda place: place.hub.fail(Fault(**{**vars(fault), "happened": 0}), path)


def every(*changes: Callable[[Place], object]) -> Callable[[Place], object]:
    """Several changes."""
    return lambda place: [change(place) for change in changes]
