"""index.parquet: one row a sample, with where each of its files lies.

Columns are described in docs/formats.md. Equal markers and an equal pyarrow give equal bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from vrdata.dataset.formats.registry import format_of
from vrdata.dataset.hashes import dataset_hash
from vrdata.dataset.manifest import SampleRecord, ShardManifest

ROW_GROUP = 5000  # rows in memory: about 40 MB while they are converted
_FILE = pa.struct(
    [("name", pa.string()), ("size", pa.int64()), ("sha256", pa.string()), ("offset", pa.int64())]
)
SCHEMA = pa.schema(
    [
        ("generator", pa.string()),
        ("id", pa.string()),
        ("index", pa.int64()),
        ("domain", pa.string()),
        ("block", pa.int64()),
        ("seed", pa.int64()),
        ("shard", pa.int64()),
        ("object", pa.string()),
        ("files", pa.list_(_FILE)),
        ("video_name", pa.string()),
        ("video_frames", pa.int32()),
        ("video_fps", pa.float64()),
        ("video_width", pa.int32()),
        ("video_height", pa.int32()),
        ("video_encoder", pa.string()),
        ("content", pa.string()),
        ("param_hash", pa.string()),
    ]
)


class IndexWriter:
    """Writes rows in groups of ROW_GROUP to a local file; a context manager."""

    def __init__(self, path: Path) -> None:
        self._writer = pq.ParquetWriter(path, SCHEMA, compression="zstd")
        self._rows: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            self._flush()
        self._writer.close()

    def add(self, manifest: ShardManifest, sample: SampleRecord) -> None:
        """Append a sample of a shard."""
        self._rows.append(_row(manifest, sample))
        if len(self._rows) >= ROW_GROUP:
            self._flush()

    def _flush(self) -> None:
        if self._rows:
            self._writer.write_table(pa.Table.from_pylist(self._rows, SCHEMA))
            self._rows = []


def index_hash(path: Path) -> str:
    """The dataset hash over an index's rows, with flat memory.

    Raises:
        ValueError: the file is not an index of this version.
    """
    try:
        return dataset_hash(_files(path))
    except (pa.ArrowException, OSError, KeyError, TypeError) as error:
        raise ValueError(f"not an index: {error}") from None


def _files(path: Path) -> Iterator[tuple[str, str, str]]:
    with pq.ParquetFile(path) as index:
        for batch in index.iter_batches(batch_size=ROW_GROUP, columns=["id", "files"]):
            for row in batch.to_pylist():
                for file in row["files"]:
                    yield row["id"], file["name"], file["sha256"]


def _row(manifest: ShardManifest, sample: SampleRecord) -> dict[str, Any]:
    video = sample.video
    return {
        "generator": manifest.generator,
        "id": sample.id,
        "index": sample.index,
        "domain": sample.domain,
        "block": sample.block,
        "seed": sample.seed,
        "shard": manifest.shard,
        "object": format_of(manifest.format).container(manifest, sample),
        "files": [
            {"name": file.name, "size": file.size, "sha256": file.sha256, "offset": file.offset}
            for file in sample.files
        ],
        "video_name": video.name if video else None,
        "video_frames": video.frames if video else None,
        "video_fps": video.fps if video else None,
        "video_width": video.width if video else None,
        "video_height": video.height if video else None,
        "video_encoder": video.encoder if video else None,
        "content": sample.content,
        "param_hash": sample.param_hash,
    }
