"""A bucket as a source, on a real S3 server."""

from __future__ import annotations

import hashlib
import io
import uuid
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from support.services.s3server import S3Server
from vrdata.api.source import SourceSpec
from vrdata.sources.opening import open_source
from vrdata.sources.port import Part, SourceAccessError, SourceChangedError, SourceNotFoundError
from vrdata.store.opening import open_store

pytestmark = [pytest.mark.s3, pytest.mark.slow]


@pytest.fixture
def url(s3: S3Server) -> str:
    return f"s3://{s3.make_bucket(f'source-{uuid.uuid4().hex[:8]}')}/data"


def put(url: str, key: str, body: bytes) -> None:
    store = open_store(url)
    store.delete(key)
    store.put_new(key, body, sha256=hashlib.sha256(body).hexdigest())


def table() -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table({"n": list(range(30))}), sink, row_group_size=10)
    return sink.getvalue()


def parts(url: str, limit: int | None = None) -> list[Part]:
    return list(open_source(SourceSpec(url=url)).resolve(limit).parts)


def test_the_row_groups_of_an_object_are_fetched_by_ranges(url: str, tmp_path: Path) -> None:
    put(url, "x/rows.parquet", table())
    found = parts(url, 15)
    assert [(part.key(part.first), part.items) for part in found] == [
        ("x/rows.parquet#0", 10),
        ("x/rows.parquet#10", 5),
    ]
    open_source(SourceSpec(url=url)).stage(found[1], tmp_path)
    staged = pq.ParquetFile(tmp_path / "x/rows.parquet").read_row_group(1)
    assert staged["n"].to_pylist() == list(range(10, 20))


def test_a_url_can_name_one_object(url: str, tmp_path: Path) -> None:
    put(url, "x/rows.parquet", table())
    put(url, "x/other.csv", b"n\n1\n")
    found = parts(f"{url}/x/rows.parquet")
    assert [part.files[0].name for part in found] == ["rows.parquet"] * 3
    open_source(SourceSpec(url=f"{url}/x/rows.parquet")).stage(found[0], tmp_path)
    assert pq.ParquetFile(tmp_path / "rows.parquet").metadata.num_rows == 30


def test_an_object_that_was_written_again_is_not_converted(url: str, tmp_path: Path) -> None:
    put(url, "1.mcap", b"one")
    put(url, "1.mkv", b"two")
    (part,) = parts(url)
    assert [file.digest[:5] for file in part.files] == ["etag:"] * 2
    put(url, "1.mkv", b"TWO")
    with pytest.raises(SourceChangedError, match=r"1\.mkv has changed since the run began"):
        open_source(SourceSpec(url=url)).stage(part, tmp_path)


def test_a_prefix_without_objects_has_no_items(url: str) -> None:
    with pytest.raises(SourceNotFoundError, match="has no items"):
        parts(url)


def test_a_bucket_that_does_not_exist_is_named(url: str) -> None:
    with pytest.raises(SourceAccessError, match="no-such-bucket"):
        parts("s3://no-such-bucket-here/data")
