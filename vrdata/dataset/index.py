"""index.parquet: one row a sample, with where each of its files lies."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from vrdata.dataset.manifest import SampleRecord, ShardManifest

ROW_GROUP = 5000
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
        ("video_frames", pa.int32()),
        ("video_fps", pa.float64()),
        ("video_width", pa.int32()),
        ("video_height", pa.int32()),
        ("content", pa.string()),
        ("param_hash", pa.string()),
    ]
)


class IndexWriter:
    """Writes rows in bounded groups to a local file."""

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
        self._flush()
        self._writer.close()

    def add(self, manifest: ShardManifest) -> None:
        """Append the samples of one shard."""
        single = manifest.data[0].key if manifest.format != "files" and manifest.data else ""
        for sample in manifest.samples:
            self._rows.append(_row(manifest, sample, single))
            if len(self._rows) >= ROW_GROUP:
                self._flush()

    def _flush(self) -> None:
        if self._rows:
            self._writer.write_table(pa.Table.from_pylist(self._rows, SCHEMA))
            self._rows = []


def _row(manifest: ShardManifest, sample: SampleRecord, single: str) -> dict[str, Any]:
    video = sample.video
    return {
        "generator": manifest.generator,
        "id": sample.id,
        "index": sample.index,
        "domain": sample.domain,
        "block": sample.block,
        "seed": sample.seed,
        "shard": manifest.shard,
        "object": single,
        "files": [file.model_dump() for file in sample.files],
        "video_frames": video.frames if video else None,
        "video_fps": video.fps if video else None,
        "video_width": video.width if video else None,
        "video_height": video.height if video else None,
        "content": sample.content,
        "param_hash": sample.param_hash,
    }
