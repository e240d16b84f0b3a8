"""Items that cannot be converted: dropped within the budget, and without an effect on others."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from support.sources.benches import Bench, opened
from vrdata.contract.messages import ShardCommitted
from vrdata.contract.reasons import WorkerExit
from vrdata.dataset import layout

ROWS = """
import pyarrow as pa
from vrdata_generators.api import Converter

class Probe(Converter):
    name, domain = "M-probe", "probe"
    schema = pa.schema([pa.field("size", pa.int64(), nullable=False), ("kind", pa.string())])

    def convert(self, item, options):
        path = next(iter(item.files.values()))
        if path.name not in options["good"]:
            raise ValueError("it is bad")
        yield {"size": path.stat().st_size, "kind": path.suffix}
"""


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with opened(tmp_path) as made:
        yield made


def test_the_first_attempt_drops_invalid_items_within_the_budget(bench: Bench) -> None:
    assert bench.run("bad=04.png", max_failed_items=1) == WorkerExit.COMMITTED
    (committed,) = [one for one in bench.emitted if isinstance(one, ShardCommitted)]
    assert (committed.samples, committed.failed_samples) == (6, 1)


def test_more_invalid_items_are_not_retried(bench: Bench) -> None:
    assert bench.run("bad=04.png") == WorkerExit.INVALID_OUTPUT
    failure = bench.failure()
    assert (failure.reason, failure.sample, failure.retry) == ("InvalidItem", 4, "Useless")


@pytest.mark.parametrize("good", ["", "00.png"])
def test_a_shard_of_rows_has_the_declared_columns(tmp_path: Path, good: str) -> None:
    """Even if all of its items have failed."""
    with opened(tmp_path, ROWS, rows=True) as bench:
        assert bench.run(f"good={good}", dropped=7) == WorkerExit.COMMITTED
    (body,) = [body for key, body in bench.store.objects.items() if key.startswith(layout.TABLES)]
    table = pq.read_table(io.BytesIO(body))
    declared = [
        pa.field("index", pa.int64(), nullable=False),
        pa.field("size", pa.int64(), nullable=False),
        pa.field("kind", pa.string()),
    ]
    assert table.schema.equals(pa.schema(declared))
    assert table["index"].to_pylist() == ([0] if good else [])
