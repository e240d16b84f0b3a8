"""Random damage gives one clear error with a documented exit code, or the right values."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from support.cli import Ran, called
from support.timeseries.hdf5 import write_franka
from support.timeseries.lerobot import write_current, write_legacy
from vrdata.errors import VrdataError
from vrdata.timeseries.create import DummyOptions, create_table
from vrdata.timeseries.table.reading import open_tables
from vrdata.timeseries.windows.dataset import WindowDataset, WindowOptions

SMALL = DummyOptions(episodes=3, steps=(5, 9), frames=3, size=16)
LISTS = pa.list_(pa.list_(pa.int64()))
CELLS: list[tuple[pa.DataType, Any]] = [
    (pa.null(), None),
    (pa.bool_(), True),
    (pa.int64(), 7),
    (pa.float64(), float("nan")),
    (pa.string(), "../../etc/passwd"),
    (pa.binary(), b"\xff\xfe"),
    (pa.timestamp("us"), 5),
    (pa.list_(pa.int64()), []),
    (pa.list_(pa.int64()), [3, None]),
    (pa.list_(pa.int64()), [2**63 - 1, -(2**63)]),
    (pa.list_(pa.timestamp("ns")), [1, 2]),
    (pa.list_(pa.string()), ["a"]),
    (LISTS, [[1, 2], [3]]),
    (LISTS, [[], []]),
    (pa.list_(pa.list_(pa.float16())), [[1.0]]),
    (pa.list_(pa.list_(pa.float64())), [[float("inf"), 0.0], [1.0, 2.0]]),
    (pa.list_(pa.list_(pa.float64()), 1), [[1.0]]),
    (pa.struct([("path", pa.int64())]), {"path": 1}),
    (pa.struct([("bytes", pa.binary()), ("path", pa.string())]), {"bytes": None, "path": None}),
    (pa.struct([("bytes", pa.binary()), ("path", pa.string())]), {"bytes": b"x", "path": "a\0b"}),
]


def damaged(body: bytes, chance: random.Random) -> bytes:
    """With some bytes changed, a piece removed or doubled, or the end cut off."""
    place = chance.randrange(len(body))
    size = chance.choice([1, 8, 300])
    ways: list[Callable[[], bytes]] = [
        lambda: body[:place],
        lambda: body[:place] + body[place + size :],
        lambda: body[: place + size] + body[place:],
        lambda: body[:place] + chance.randbytes(size) + body[place + size :],
        lambda: body[:place] + bytes(size) + body[place + size :],
    ]
    return chance.choice(ways)()


def require_clear(done: Ran, codes: set[int]) -> None:
    assert done.code in codes, done.err
    assert "Traceback" not in done.err
    assert done.err.count("error:") == (done.code not in {0, 1}), done.err


@pytest.mark.parametrize("form", ["vrdata", "seed"])
def test_a_damaged_table_has_faults_or_is_refused(tmp_path: Path, form: Any) -> None:
    table = tmp_path / "t.pq"
    create_table(table, SMALL, embed=form == "vrdata", form=form)
    whole, tables = table.read_bytes(), open_tables([table])
    episodes = [tables.episode(row) for row in range(len(tables))]
    chance, found = random.Random(1), set()  # noqa: S311 - no secret
    for _ in range(60):
        table.write_bytes(damaged(whole, chance))
        done = called("timeseries", "check", table)
        require_clear(done, {0, 1, 3})
        found.add(done.code)
        if done.code == 0:
            tables = open_tables([table])
            for row, episode in enumerate(episodes):
                np.testing.assert_array_equal(tables.episode(row).actions, episode.actions)
    assert 3 in found


@pytest.mark.parametrize("kind", range(len(CELLS)))
def test_columns_of_any_type_are_read_or_refused(tmp_path: Path, kind: int) -> None:
    made = tmp_path / "made.pq"
    create_table(made, SMALL, embed=True)
    table = pq.read_table(made)
    name, (type_, cell) = tmp_path / "t.pq", CELLS[kind]
    for number, column in enumerate(table.column_names):
        values = pa.array([cell] * len(table), type_)
        pq.write_table(table.set_column(number, column, values), name)
        require_clear(called("timeseries", "check", name), {0, 1, 3})
        try:
            for window in WindowDataset(name, 0.1, 0.1, WindowOptions(normalise=True)):
                assert np.isfinite(window["actions"]).all()
        except VrdataError:
            pass


def test_a_column_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    made, name = tmp_path / "made.pq", tmp_path / "t.pq"
    create_table(made, SMALL, embed=True)
    table = pq.read_table(made)
    for column in table.column_names:
        pq.write_table(table.append_column(column, table.column(column)), name)
        done = called("timeseries", "check", name, "--no-media")
        require_clear(done, {3} if column != "audio" else {0})
        assert column == "audio" or f"more than one column {column}" in done.err


def test_text_that_is_not_utf8_is_a_fault_of_its_row(tmp_path: Path) -> None:
    made, name = tmp_path / "made.pq", tmp_path / "t.pq"
    create_table(made, SMALL, embed=True)
    table = pq.read_table(made)
    body = pa.array([b"a", b"\xff", b"c"], pa.binary())
    text = pa.Array.from_buffers(pa.string(), 3, body.buffers())
    pq.write_table(table.set_column(0, "text", text), name)
    done = called("timeseries", "check", name, "--no-media")
    assert done.code == 1
    assert "row 1: text: " in done.out
    assert "row 0" not in done.out


@pytest.mark.parametrize("version", ["v2.1", "v3.0"])
def test_a_damaged_lerobot_dataset_is_converted_or_refused(tmp_path: Path, version: str) -> None:
    root, copy, table = tmp_path / "data", tmp_path / "copy", tmp_path / "t.pq"
    (write_current if version == "v3.0" else lambda one: write_legacy(one, version))(root)
    files = sorted(one.relative_to(root) for one in root.rglob("*") if one.is_file())
    chance = random.Random(2)  # noqa: S311 - no secret
    for number in range(60):
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(root, copy)
        file = copy / files[number % len(files)]
        file.write_bytes(damaged(file.read_bytes(), chance))
        require_clear(called("timeseries", "from-lerobot", copy, "-o", table), {0, 2, 3, 5})


def test_a_damaged_hdf5_file_is_converted_or_refused(tmp_path: Path) -> None:
    file, table = write_franka(tmp_path / "a.h5"), tmp_path / "t.pq"
    whole, chance = file.read_bytes(), random.Random(3)  # noqa: S311 - no secret
    for _ in range(8):
        file.write_bytes(damaged(whole, chance))
        require_clear(called("timeseries", "from-hdf5", file, "-o", table), {0, 3})
