"""The formats of tables by the extension of a file's name. Pure."""

from __future__ import annotations

from typing import Literal

TableFormat = Literal["parquet", "arrow", "jsonl", "csv"]

EXTENSIONS: dict[str, TableFormat] = {
    "parquet": "parquet",
    "arrow": "arrow",
    "feather": "arrow",
    "jsonl": "jsonl",
    "ndjson": "jsonl",
    "csv": "csv",
}
COMPRESSED = frozenset({"gz", "bz2", "xz", "zst", "lz4", "zip"})


def table_format(name: str) -> TableFormat | None:
    """The format of a table; None = the file is no table.

    Args:
        name: path of the file below the source.
    """
    return EXTENSIONS.get(_extension(name))


def is_compressed_table(name: str) -> bool:
    """Whether the name is that of a compressed table, such as `rows.jsonl.gz`."""
    inner, _, last = name.rpartition(".")
    return last.lower() in COMPRESSED and _extension(inner) in {"jsonl", "ndjson", "csv"}


def _extension(name: str) -> str:
    return name.rpartition("/")[2].rpartition(".")[2].lower() if "." in name else ""
