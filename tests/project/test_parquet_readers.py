"""Every reader of Parquet that may get a Python object goes through vrdata/parquet.py."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("vrdata", "worker", "operator", "generators")
HOME = "vrdata/parquet.py"
# The child stands alone and reads paths, with nothing of Python in them.
ALLOWED = {HOME, "worker/vrdata_child/items/tables.py", "generators/vrdata_generators/runs/rows.py"}
# What pyarrow reads with threads of its own, unless it is told not to.
METHODS = {"iter_batches", "read_row_group", "read_row_groups"}
THREADED = re.compile(r"pyarrow\.(acero|csv|dataset|feather|json|orc)|from pyarrow import parquet")


def readers(source: str) -> Iterator[str]:
    """What a module calls to read Parquet, or another format that pyarrow reads with threads."""
    yield from (found.group() for found in THREADED.finditer(source))
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            of_parquet = isinstance(node.func.value, ast.Name) and node.func.value.id == "pq"
            if node.func.attr in METHODS or (of_parquet and node.func.attr != "ParquetWriter"):
                yield node.func.attr
            threaded = not any(keyword.arg == "options" for keyword in node.keywords)
            if ast.unparse(node.func) == "pa.ipc.open_stream" and threaded:
                yield "open_stream"


def test_parquet_is_read_through_one_module() -> None:
    found = {
        str(path.relative_to(ROOT)): calls
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        if (calls := sorted(readers(path.read_text())))
    }
    assert set(found) == ALLOWED, found
    assert found[HOME] == ["ParquetFile", "iter_batches", "read_row_group"]


@pytest.mark.parametrize("name", sorted(ALLOWED))
def test_it_is_read_without_threads(name: str) -> None:
    for node in ast.walk(ast.parse((ROOT / name).read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            settings = {one.arg: ast.unparse(one.value) for one in node.keywords}
            if node.func.attr == "ParquetFile":
                assert settings["pre_buffer"] == "False"
            if node.func.attr in METHODS:
                assert settings["use_threads"] == "False"


@pytest.mark.parametrize(
    "source",
    [
        "import pyarrow.parquet as pq\npq.read_table(file)",
        "import pyarrow.parquet as pq\npq.ParquetFile(file, pre_buffer=False)",
        "parquet.read_row_group(0)",
        "import pyarrow.dataset as ds",
        "pa.ipc.open_stream(file)",
    ],
)
def test_a_reader_elsewhere_is_found(source: str) -> None:
    assert list(readers(source))
