"""Verify finds what is wrong with a run in format parquet, of samples and of rows."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from support.builders import build_finished_run, make_plan, put_object
from support.datasets.rowsets import NAME, SCHEMA, build_rows, rows_of
from support.markers import marker_bytes, samples_of
from support.memorystore import MemoryStore
from vrdata.cli.verify import content_lines
from vrdata.dataset import layout
from vrdata.dataset.commits import read_head
from vrdata.dataset.finish.summary import DatasetSummary
from vrdata.dataset.outputs import succeed, summarise
from vrdata.dataset.reader import iter_samples, read_file
from vrdata.dataset.verify.run import verify
from vrdata.errors import InvalidInputError
from vrdata.plan.planned import Plan

TABLE = f"data/{NAME}/{NAME}-000000.parquet"


def finish(store: MemoryStore, plan: Plan) -> DatasetSummary:
    summary, _ = summarise(store, plan, detect=False)
    succeed(store, summary)
    return summary


def finished_rows() -> MemoryStore:
    store = MemoryStore()
    finish(store, build_rows(store))
    return store


def finished_samples() -> MemoryStore:
    store = MemoryStore()
    build_finished_run(store, make_plan({NAME: 8}, output_format="parquet"))
    return store


def kinds(store: MemoryStore) -> set[str]:
    report = verify(store)
    assert report.ok == (not report.problem_counts)
    return set(report.problem_counts)


def test_a_run_of_rows_is_verified_and_its_items_are_read_back() -> None:
    store = finished_rows()
    assert kinds(store) == set()
    manifest = read_head(store, NAME, 1)
    for sample, files in iter_samples(store, manifest):
        assert files == {"rows.json": read_file(store, manifest, sample, "rows.json")}
    table = pq.read_table(io.BytesIO(store.objects[TABLE]))
    expected = [{"index": item} | row for item in range(4) for row in rows_of(item)]
    assert table.to_pylist() == expected


def test_rows_are_not_counted_as_samples_without_a_final_frame() -> None:
    assert content_lines(verify(finished_rows())) == []


def test_the_card_of_rows_has_a_configuration_for_each_generator() -> None:
    card = finished_rows().objects[layout.CARD].decode()
    assert f"config_name: {NAME}" in card
    assert f"path: data/{NAME}/*.parquet" in card


def test_the_card_of_samples_names_all_tables() -> None:
    card = finished_samples().objects[layout.CARD].decode()
    assert "config_name: default" in card
    assert "path: data/*/*.parquet" in card


def test_other_columns_in_another_shard_are_refused() -> None:
    store = MemoryStore()
    other = pa.schema([("step", pa.int32()), ("text", pa.string())])
    plan = build_rows(store, [SCHEMA, other])
    with pytest.raises(InvalidInputError, match="not have the same columns in all shards") as error:
        finish(store, plan)
    assert "shard 1 are not those of shard 0" in error.value.why


def rewritten(change: Callable[[pa.Table], pa.Table]) -> Callable[[bytes], bytes]:
    """A well-formed file with other rows and the same metadata."""

    def write(body: bytes) -> bytes:
        found = pq.ParquetFile(io.BytesIO(body))
        table = change(found.read())
        made = io.BytesIO()
        with pq.ParquetWriter(made, table.schema, write_page_checksum=True) as writer:
            writer.write_table(table)
            writer.add_key_value_metadata({b"vrdata": found.metadata.metadata[b"vrdata"]})
        return made.getvalue()

    return write


def swapped(table: pa.Table) -> pa.Table:
    return table.take([1, 0, *range(2, table.num_rows)])


def twice(table: pa.Table) -> pa.Table:
    return pa.concat_tables([table, table.slice(table.num_rows - 1)])


def without_the_last(table: pa.Table) -> pa.Table:
    return table.slice(0, table.num_rows - 1)


def of_another_item(table: pa.Table) -> pa.Table:
    column = pa.array([one + 100 for one in table.column("index").to_pylist()], pa.int64())
    return table.set_column(
        table.schema.get_field_index("index"), table.schema.field("index"), column
    )


def flipped(body: bytes) -> bytes:
    at = len(body) // 3
    return body[:at] + bytes([body[at] ^ 0x55]) + body[at + 1 :]


DAMAGE: list[Callable[[bytes], bytes]] = [
    rewritten(swapped),
    rewritten(twice),
    rewritten(without_the_last),
    rewritten(of_another_item),
    flipped,
    lambda body: body[:-20],
    lambda body: body[: len(body) // 2],
    lambda _: b"",
    lambda body: body + b"more",
    lambda _: b"PAR1" * 40,
]


@pytest.mark.parametrize("make", [finished_samples, finished_rows])
@pytest.mark.parametrize("damage", DAMAGE, ids=range(len(DAMAGE)))
def test_a_damaged_table_is_found(
    damage: Callable[[bytes], bytes], make: Callable[[], MemoryStore]
) -> None:
    store = make()
    store.objects[TABLE] = damage(store.objects[TABLE])
    assert {"ChecksumMismatch", "DamagedArchive"} & kinds(store)


@pytest.mark.parametrize("make", [finished_samples, finished_rows])
@pytest.mark.parametrize("damage", DAMAGE[:4], ids=["swapped", "twice", "fewer", "other"])
def test_rows_that_do_not_fit_their_marker_are_found_without_the_hash_of_the_file(
    damage: Callable[[bytes], bytes], make: Callable[[], MemoryStore]
) -> None:
    """As if someone had replaced the file and its hash in the marker."""
    store = make()
    body = store.objects[TABLE] = damage(store.objects[TABLE])
    manifest = read_head(store, NAME, 0)
    assert manifest.archive is not None
    archive = manifest.archive.model_copy(
        update={"size": len(body), "sha256": hashlib.sha256(body).hexdigest()}
    )
    changed = manifest.model_copy(update={"archive": archive})
    store.objects[layout.commit_key(NAME, 0)] = marker_bytes(changed, samples_of(store, manifest))
    found = kinds(store)
    assert found & {"MissingFile", "ExtraFile", "DamagedArchive", "ChecksumMismatch"}


def test_a_table_beside_those_of_the_plan_is_found() -> None:
    store = finished_samples()
    put_object(store, "data/M-rows/copy.parquet", b"x")
    assert kinds(store) == {"ExtraObject"}
