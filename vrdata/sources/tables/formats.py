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
COMPRESSIONS = frozenset({"gz", "bz2", "zst"})
"""Of tables of text."""

_OTHER_COMPRESSIONS = frozenset({"xz", "lz4", "zip", "br", "snappy", "7z", "rar", "z"})
_TEXT = frozenset({"jsonl", "csv"})


def table_format(name: str) -> TableFormat | None:
    """The format of a table; None = the file is no table.

    Args:
        name: path of the file below the source.
    """
    form = _inner(name) if compression(name) else _extension(name)
    return EXTENSIONS.get(form)


def compression(name: str) -> str:
    """`gz`, `bz2` or `zst` of a compressed table of text; "" = the file is no such table."""
    last = _extension(name)
    return last if last in COMPRESSIONS and EXTENSIONS.get(_inner(name)) in _TEXT else ""


def is_unreadable_table(name: str) -> bool:
    """Whether a table is compressed in another way, such as `rows.jsonl.xz` and `a.parquet.gz`."""
    compressed = _extension(name) in COMPRESSIONS | _OTHER_COMPRESSIONS
    return compressed and _inner(name) in EXTENSIONS and not compression(name)


def _inner(name: str) -> str:
    return _extension(name.rpartition(".")[0])


def _extension(name: str) -> str:
    return name.rpartition("/")[2].rpartition(".")[2].lower() if "." in name else ""
