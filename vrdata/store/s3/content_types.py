"""MIME types by extension: one table, so that every machine sends the same ones."""

from __future__ import annotations

DEFAULT = "application/octet-stream"

_BY_EXTENSION = {
    "avi": "video/x-msvideo",
    "css": "text/css",
    "csv": "text/csv",
    "gif": "image/gif",
    "gz": "application/gzip",
    "html": "text/html",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "js": "text/javascript",
    "json": "application/json",
    "jsonl": "application/jsonl",
    "md": "text/markdown",
    "mp4": "video/mp4",
    "parquet": "application/vnd.apache.parquet",
    "png": "image/png",
    "svg": "image/svg+xml",
    "tar": "application/x-tar",
    "txt": "text/plain",
    "webm": "video/webm",
    "webp": "image/webp",
    "yaml": "application/yaml",
    "yml": "application/yaml",
}


def content_type_of(key: str) -> str:
    """The MIME type of a key or file name; `application/octet-stream` when unknown."""
    _, _, extension = key.rpartition("/")[2].rpartition(".")
    return _BY_EXTENSION.get(extension.lower(), DEFAULT)
