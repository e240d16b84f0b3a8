"""The columns of samples, equal for all generators and shards, and how files become columns.

A file without a column of its own is in `files`, so no file is lost and the columns never change.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa

from vrdata.dataset import layout

MEDIA = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
OTHER = pa.struct([("name", pa.string()), ("bytes", pa.binary())])
TEXTS = {"prompt.txt": "prompt", "goal.txt": "goal", "metadata.json": "metadata"}
IMAGES = {"first_frame.png": "first_frame", "final_frame.png": "final_frame"}
VIDEOS = ("ground_truth", "first_video", "last_video")
VIDEO_ENDINGS = frozenset({"avi", "mkv", "mov", "mp4", "webm"})

_TEXT = {"dtype": "string", "_type": "Value"}
_FEATURES: dict[str, Any] = {
    "id": _TEXT,
    "index": {"dtype": "int64", "_type": "Value"},
    "domain": _TEXT,
    "prompt": _TEXT,
    **{column: {"_type": "Image"} for column in IMAGES.values()},
    **{column: {"_type": "Video"} for column in VIDEOS},
    "goal": _TEXT,
    "metadata": _TEXT,
    "files": [{"name": _TEXT, "bytes": {"dtype": "binary", "_type": "Value"}}],
}


def _type(feature: Any) -> pa.DataType:
    if isinstance(feature, list):
        return pa.list_(OTHER)
    values = {"string": pa.string(), "int64": pa.int64()}
    return values[feature["dtype"]] if "dtype" in feature else MEDIA


SCHEMA = pa.schema(
    [(name, _type(feature)) for name, feature in _FEATURES.items()],
    # What Hugging Face `datasets` writes and reads: which columns are images and videos.
    metadata={"huggingface": json.dumps({"info": {"features": _FEATURES}})},
)
"""The columns are described in docs/formats.md."""

COMPRESSED = ("id", "index", "domain", "prompt", "goal", "metadata", "files.list.element.bytes")
"""Columns that are worth compressing; the others contain images and videos."""


def column_of(name: str) -> str:
    """The column for a file of this name; `files` when it has none of its own."""
    if name in TEXTS:
        return TEXTS[name]
    if name in IMAGES:
        return IMAGES[name]
    stem, _, ending = name.partition(".")
    return stem if stem in VIDEOS and ending in VIDEO_ENDINGS else "files"


def row_of(index: int, domain: str, files: Mapping[str, bytes]) -> dict[str, Any]:
    """The row of a sample; columns without a value are absent.

    The first of two videos for one column gets it, in order of their names. A text that is not
    UTF-8 is in `files`.
    """
    row: dict[str, Any] = {"id": layout.sample_id(domain, index), "index": index, "domain": domain}
    others = []
    for name in sorted(files):
        column, body = column_of(name), files[name]
        if column == "files" or column in row or (name in TEXTS and not _is_utf8(body)):
            others.append({"name": name, "bytes": body})
        else:
            row[column] = body if name in TEXTS else {"bytes": body, "path": name}
    row["files"] = others
    return row


def batch_of(rows: list[dict[str, Any]]) -> pa.RecordBatch:
    """Rows as one record batch."""
    return pa.RecordBatch.from_arrays(
        # From bytes, texts are neither decoded nor encoded.
        [pa.array([row.get(field.name) for row in rows], field.type) for field in SCHEMA],
        schema=SCHEMA,
    )


def files_of(batch: pa.RecordBatch, at: int) -> Iterator[tuple[str, bytes]]:
    """Names and bytes of the files of one row, sorted by name.

    Raises:
        ValueError: a file has no name or no bytes.
    """
    found: list[tuple[str, bytes]] = []
    for column in (*IMAGES.values(), *VIDEOS):
        array = batch.column(column)
        if array[at].is_valid:
            found.append((array.field("path")[at].as_py(), array.field("bytes")[at].as_py()))
    for name, column in TEXTS.items():
        body = batch.column(column)[at]
        if body.is_valid:
            found.append((name, body.as_buffer().to_pybytes()))
    others = batch.column("files")[at].as_py() or ()
    found += [(other["name"], other["bytes"]) for other in others]
    if any(name is None or body is None for name, body in found):
        raise ValueError(f"row {at}: a file has no name or no bytes")
    yield from sorted(found)


def file_of(table: pa.Table, column: str, name: str) -> bytes | None:
    """A file's bytes in one column of one row; None when the column has another file, or none."""
    value = table.column(column)[0]
    if not value.is_valid:
        return None
    if column == "files":
        found = (other["bytes"] for other in value.as_py() if other["name"] == name)
        return next(found, None)
    if name in TEXTS:
        return bytes(value.as_buffer().to_pybytes())
    media = value.as_py()
    return media["bytes"] if media["path"] == name else None


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True
