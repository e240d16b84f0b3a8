"""The files that a row of a CSV or JSON Lines table names: images beside the table."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from vrdata.errors import InvalidInputError
from vrdata.sources.port import PartFile
from vrdata.store.keys import key_problem

METADATA = ("metadata.csv", "metadata.jsonl")
"""Tables of which each row describes files, as `datasets` names them; their files are no items."""

_FILE = re.compile(r"[^\x00-\x1f\x7f]{1,500}\.[A-Za-z0-9]{1,5}")
_COLUMN = re.compile(r"(.*_)?file_names?")
MAY_NAME_FILES = re.compile(rb"\.[A-Za-z0-9]{1,5}\"")  # a line of JSON

Find = Callable[[str], PartFile | None]
"""The file of a name below the source; None = there is none."""


def is_metadata(name: str) -> bool:
    """Whether a table describes the files beside it.

    Args:
        name: path of the table below the source.
    """
    return name.rpartition("/")[2] in METADATA


def companions(table: str, row: Mapping[str, Any], find: Find) -> tuple[PartFile, ...]:
    """The files that a row names, sorted by name.

    A text is the name of a file if there is such a file in the folder of the table or below it.

    Args:
        table: path of the table below the source.
        row: its columns.
        find: finds a file.

    Raises:
        InvalidInputError: a column `file_name` or `*_file_name` of a metadata table names a file
            that does not exist.
    """
    found: dict[str, PartFile] = {}
    for column, value in row.items():
        must_exist = is_metadata(table) and _COLUMN.fullmatch(str(column)) is not None
        for text in _texts(value):
            name = _path(table, text)
            file = find(name) if name and name != table else None
            if file is not None:
                found[file.name] = file
            elif must_exist:
                raise _missing(table, str(column), text)
    return tuple(found[name] for name in sorted(found))


def _texts(value: Any) -> Iterator[str]:
    match value:
        case str() if value:
            yield value
        case list():
            yield from (one for one in value if isinstance(one, str) and one)
        case {"path": str(path)} if path:
            yield path


def _path(table: str, text: str) -> str:
    """Path below the source; "" = the text is no path of a file in the folder of the table."""
    if not _FILE.fullmatch(text) or text.startswith("/") or "://" in text:
        return ""
    inside = posixpath.normpath(text)
    name = posixpath.join(posixpath.dirname(table), inside)
    return "" if inside.split("/")[0] == ".." or key_problem(name) else name


def _missing(table: str, column: str, text: str) -> InvalidInputError:
    shown = text if len(text) <= 100 else f"{text[:100]}…"
    return InvalidInputError(
        f"{table}: the column {column} names {shown!r}, which is not a file of the source",
        why="paths are relative to the folder of the table, and stay in it",
        fix="add the file, or correct the row; as a source, name the folder that has both",
    )
