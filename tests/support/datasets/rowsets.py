"""Whole runs of rows in a store, committed without a worker."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from support.builders import make_plan, put_object
from support.datasets.rowfiles import rows
from support.markers import marker_bytes
from support.memorystore import MemoryStore
from vrdata.dataset import layout
from vrdata.dataset.codec import describe_records
from vrdata.dataset.formats.registry import format_of
from vrdata.dataset.manifest import SampleRecord, ShardManifest
from vrdata.plan.planned import Plan
from vrdata.plan.seeds import block_seed
from vrdata_worker.draft import describe_data

NAME = "M-rows"
SCHEMA = pa.schema([("step", pa.int64()), ("text", pa.string())])


def rows_of(item: int) -> list[dict[str, Any]]:
    """The rows of an item: none, one or two."""
    return [{"step": at, "text": None if at % 2 else f"{item}"} for at in range(item % 3)]


def build_rows(
    store: MemoryStore,
    schemas: Sequence[pa.Schema] = (SCHEMA, SCHEMA),
    values: Callable[[int], list[dict[str, Any]]] = rows_of,
) -> Plan:
    """Commit a run of two shards with four items each."""
    plan = make_plan({NAME: 8}, output_format="parquet")
    put_object(store, layout.PLAN, plan.to_json())
    planned = plan.generator(NAME)
    for number, schema in enumerate(schemas):
        shard = planned.shard(number)
        with tempfile.TemporaryDirectory() as folder:
            writer = format_of("parquet").open_writer(Path(folder), shard)
            records = []
            for index in range(shard.start, shard.stop):
                file = rows(Path(folder), schema, values(index))
                files = writer.add(index, "rows", [file])
                block = index // planned.block_size
                records.append(
                    SampleRecord(
                        index=index,
                        id=layout.sample_id("rows", index),
                        domain="rows",
                        block=block,
                        seed=block_seed(plan.seed, NAME, block),
                        files=files,
                        content=file.sha256 if values(index) else "",
                    )
                )
            (item,) = writer.finish()
            put_object(store, item.key, item.path.read_bytes())
        archive, _ = describe_data("parquet", [item.data_object()])
        manifest = ShardManifest(
            plan=plan.hash,
            generator=NAME,
            digest=planned.digest,
            shard=number,
            start=shard.start,
            stop=shard.stop,
            format="parquet",
            archive=archive,
            samples=len(records),
            records=describe_records([one.to_json() for one in records]),
        )
        put_object(store, layout.commit_key(NAME, number), marker_bytes(manifest, records))
    return plan
