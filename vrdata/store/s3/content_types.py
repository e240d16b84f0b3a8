"""MIME types by extension: one table, so that every machine sends the same ones.

Texts have their charset: without it, browsers show UTF-8 prompts as Latin-1.
"""

from __future__ import annotations

DEFAULT = "application/octet-stream"
_TEXT = "; charset=utf-8"  # everything that vrdata writes; JSON is always UTF-8

_BY_EXTENSION = {
    "arrow": "application/vnd.apache.arrow.stream",
    "avi": "video/x-msvideo",
    "css": f"text/css{_TEXT}",
    "csv": f"text/csv{_TEXT}",
    "gif": "image/gif",
    "gz": "application/gzip",
    "html": f"text/html{_TEXT}",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "js": f"text/javascript{_TEXT}",
    "json": "application/json",
    "jsonl": "application/jsonl",
    "log": f"text/plain{_TEXT}",
    "md": f"text/markdown{_TEXT}",
    "mkv": "video/x-matroska",
    "mov": "video/quicktime",
    "mp4": "video/mp4",
    "parquet": "application/vnd.apache.parquet",
    "png": "image/png",
    "svg": "image/svg+xml",
    "tar": "application/x-tar",
    "tsv": f"text/tab-separated-values{_TEXT}",
    "txt": f"text/plain{_TEXT}",
    "webm": "video/webm",
    "webp": "image/webp",
    "yaml": "application/yaml",
    "yml": "application/yaml",
}


def content_type_of(key: str) -> str:
    """The MIME type of a key or file name; `application/octet-stream` when unknown."""
    _, _, extension = key.rpartition("/")[2].rpartition(".")
    return _BY_EXTENSION.get(extension.lower(), DEFAULT)
