"""The columns that a converter declares are those of every shard of its rows."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from support.datasets.rowfiles import rows, source, stored_records, write
from vrdata.dataset.formats.base import SourceFile
from vrdata.dataset.formats.registry import format_of
from vrdata.errors import InvalidInputError
from vrdata.model import OutputFormat
from vrdata.plan.planned import ShardRange
from vrdata_child.items.rows import write_columns

SCHEMA = pa.schema([("step", pa.int64()), ("value", pa.float64())])


def declared(folder: Path, schema: pa.Schema) -> SourceFile:
    path = folder / "columns"
    write_columns(path, schema)
    return source(folder, path.read_bytes())


def test_a_shard_whose_items_all_failed_is_read_with_the_others(tmp_path: Path) -> None:
    schema = pa.schema([("step", pa.timestamp("s")), ("l", pa.list_(pa.float32()))])
    schema = schema.with_metadata({"huggingface": "{}"})
    columns = declared(tmp_path, schema)
    _, empty = write(tmp_path, [], columns=columns)
    item = rows(tmp_path, schema, [{"step": 1, "l": [0.5]}])
    records, full = write(tmp_path, [item], 3, columns)
    _, other = write(tmp_path, [item], 3)  # without declared columns: as before
    assert full.sha256 == other.sha256
    assert (empty.columns, stored_records(empty)) == (full.columns, [])
    assert pq.read_schema(empty.path).equals(pq.read_schema(full.path), check_metadata=False)
    assert pq.read_schema(empty.path).metadata[b"huggingface"] == b"{}"
    paths = [str(one.path) for one in (empty, full)]
    assert ds.dataset(paths).to_table()["index"].to_pylist() == [3]
    assert stored_records(full) == records


def test_declared_columns_are_those_of_all_items(tmp_path: Path) -> None:
    other = rows(tmp_path, SCHEMA, [{"step": 1}])
    columns = declared(tmp_path, pa.schema([("step", pa.int32())]))
    with pytest.raises(InvalidInputError, match="other columns"):
        write(tmp_path, [other], columns=columns)


@pytest.mark.parametrize("form", ["webdataset", "tar", "files"])
def test_other_formats_store_no_rows(tmp_path: Path, form: OutputFormat) -> None:
    place = ShardRange("M-rows", 0, 0, 1, 0, 1)
    with pytest.raises(InvalidInputError, match=f"output.format {form} does not store rows"):
        format_of(form).open_rows_writer(tmp_path, place, declared(tmp_path, SCHEMA))
