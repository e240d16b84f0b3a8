"""The rows of an index as columns: their schema, and their conversion from sample records."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from vrdata.dataset.formats.registry import format_of
from vrdata.dataset.manifest import SampleRecord, ShardManifest, VideoRecord

FILE_FIELDS = (
    ("name", pa.string()),
    ("size", pa.int64()),
    ("sha256", pa.string()),
    ("offset", pa.int64()),
)
FILE = pa.struct(FILE_FIELDS)
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
        ("object_size", pa.int64()),
        ("files", pa.list_(FILE)),
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
"""The columns are described in docs/formats.md; they are equal for all generators and formats."""

_NO_VIDEO = (None,) * 6


class Columns:
    """Rows that are not written yet."""

    def __init__(self) -> None:
        self._rows: list[tuple[Any, ...]] = []
        self._files: list[tuple[Any, ...]] = []
        self._offsets = [0]

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, manifest: ShardManifest, sample: SampleRecord) -> None:
        """Append the row of a sample."""
        self._files += [(file.name, file.size, file.sha256, file.offset) for file in sample.files]
        self._offsets.append(len(self._files))
        self._rows.append(
            (
                manifest.generator,
                sample.id,
                sample.index,
                sample.domain,
                sample.block,
                sample.seed,
                manifest.shard,
                format_of(manifest.format).container(manifest, sample),
                manifest.archive.size if manifest.archive else None,
                *(_video(sample.video) if sample.video else _NO_VIDEO),
                sample.content,
                sample.param_hash,
            )
        )

    def table(self) -> pa.Table:
        """The rows as one table."""
        plain = iter(zip(*self._rows, strict=True))
        arrays = [
            self._file_lists() if field.name == "files" else pa.array(next(plain), field.type)
            for field in SCHEMA
        ]
        return pa.Table.from_arrays(arrays, schema=SCHEMA)

    def _file_lists(self) -> pa.Array:
        columns = zip(*self._files, strict=True) if self._files else ((),) * len(FILE_FIELDS)
        arrays = [
            pa.array(values, kind) for values, (_, kind) in zip(columns, FILE_FIELDS, strict=True)
        ]
        files = pa.StructArray.from_arrays(arrays, fields=list(FILE))
        return pa.ListArray.from_arrays(pa.array(self._offsets, pa.int32()), files)


def _video(video: VideoRecord) -> tuple[Any, ...]:
    return (video.name, video.frames, video.fps, video.width, video.height, video.encoder)
