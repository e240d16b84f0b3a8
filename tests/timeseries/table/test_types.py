"""Columns of types that other programs write."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from vrdata.timeseries.table.faults import TimeSeriesError
from vrdata.timeseries.table.reading import open_tables

STEPS = pa.array([[[1.0], [2.0]]])
STAMPS = pa.array([[0, 10]], pa.list_(pa.int64()))
LARGE = pa.struct([("bytes", pa.large_binary()), ("path", pa.large_string())])


def table(folder: Path, **columns: Any) -> Path:
    series = {"actions": STEPS, "actions_timestamps": STAMPS}
    series |= {"observations": STEPS, "observations_timestamps": STAMPS}
    pq.write_table(pa.table({"text": ["x"]} | series | columns), folder / "t.parquet")
    return folder / "t.parquet"


@pytest.mark.parametrize(
    "columns",
    [
        {"actions": pa.array([[[1], [2]]], pa.list_(pa.list_(pa.int16())))},
        {"actions": pa.array([[[1], [None]]], pa.list_(pa.list_(pa.int64())))},
        {"image": pa.array([5])},
        {"video.wrist": pa.array([["a"]])},
        {"image": pa.array([{"bytes": b"x"}])},
    ],
)
def test_a_column_that_cannot_be_used_is_named(tmp_path: Path, columns: dict[str, Any]) -> None:
    with pytest.raises(TimeSeriesError, match=next(iter(columns))):
        open_tables([table(tmp_path, **columns)])


def test_large_bytes_are_read(tmp_path: Path) -> None:
    path = table(tmp_path, image=pa.array([{"bytes": b"x", "path": None}], LARGE))
    image = open_tables([path]).episode(0).image
    assert image is not None
    assert image.data == b"x"


@pytest.mark.parametrize(
    "metadata",
    [b"[" * 100_000, b"[]", b'{"version": 2}', b'{"version": 1, "actions": [1]}', b"\xff"],
)
def test_metadata_that_cannot_be_used_is_named(tmp_path: Path, metadata: bytes) -> None:
    path = table(tmp_path)
    found = pq.read_table(path).replace_schema_metadata({"vrdata.timeseries": metadata})
    pq.write_table(found, path)
    with pytest.raises(TimeSeriesError, match=r"t\.parquet"):
        open_tables([path])
