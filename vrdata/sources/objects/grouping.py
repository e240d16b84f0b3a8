"""Group files into items: those with the same stem in a folder, or those of a folder. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from vrdata.errors import InvalidInputError
from vrdata.sources.globs import folder_of, included, is_left_out, wanted
from vrdata.sources.objects.listing import Listed
from vrdata.sources.tables.formats import is_unreadable_table, table_format

# Documents about a dataset, written by people, hubs, `datasets` and desktops.
_DOCUMENTS = re.compile(
    r"(readme|licen[cs]e|notice|changelog|citation)(\.\w+)?|_success|state\.json|"
    r"dataset_(infos?|dict)\.json|thumbs\.db|desktop\.ini",
    re.IGNORECASE,
)


_LONG_ENDINGS = (".instruction.txt",)
"""Endings with two dots: `1.instruction.txt` belongs to `1.mcap`."""


class Group(NamedTuple):
    """A table, or the files of one item: the first one gives its key."""

    files: tuple[Listed, ...]
    is_table: bool


def grouped(files: Iterable[Listed], include: Sequence[str]) -> Iterator[Group]:
    """The tables or items among files; memory does not grow with their number.

    Files with the same stem in the same folder belong to one item, and so do all files of a folder
    that a glob with a closing slash matches. An item comes after all whose names begin with its own
    stem and a dot. A group with an included file is read, with all its other files as companions.
    Documents such as README.md are not read unless a glob includes them.

    Args:
        files: in the order of their names' bytes.
        include: see `included`.

    Raises:
        InvalidInputError: there are tables and other files, or tables in an archive.
    """
    kinds: dict[bool, str] = {}
    kept = (one for one in files if not is_left_out(one.name, include))
    globs = wanted(include)
    for files_of_stem in _by_stem(kept, globs):
        for group in _groups(files_of_stem, globs):
            kinds.setdefault(group.is_table, group.files[0].name)
            if len(kinds) > 1:
                raise _mixed(kinds[True], kinds[False])
            yield group


def _mixed(table: str, other: str) -> InvalidInputError:
    if table.rpartition("/")[2] == "metadata.parquet":
        code = "print(*map(json.dumps, pq.read_table('metadata.parquet').to_pylist()), sep='\\n')"
        return InvalidInputError(
            f"{table} cannot name the files beside it, such as {other}",
            why="only the rows of a CSV or JSON Lines table can name files",
            fix="write its rows to metadata.jsonl in the same folder: python -c "
            f'"import json, pyarrow.parquet as pq; {code}" > metadata.jsonl',
        )
    return InvalidInputError(
        f"the source has tables ({table}) and other files ({other})",
        why="an item is either a row of a table, or a file",
        fix="if rows of a CSV or JSONL table name the other files, use the table as the source; "
        "otherwise move one kind to another folder, or set source.include of a run file, such as "
        '["*.parquet"]',
    )


def _groups(files: list[Listed], include: Sequence[str]) -> Iterator[Group]:
    if folder_of(files[0].name, include):
        yield Group(tuple(one for one in files if included(one.name, include)), is_table=False)
        return
    chosen = [one for one in files if included(one.name, include)]
    if include:
        visible = [one for one in files if one in chosen or included(one.name, ())]
    else:
        chosen = visible = [one for one in chosen if not _is_document(one.name)]
    for one in chosen:
        if is_unreadable_table(one.name):
            raise InvalidInputError(
                f"{one.name} is a table with an unsupported compression",
                why="only CSV and JSON Lines can be compressed, with gzip, bzip2 or Zstandard",
                fix="decompress it, and name that file",
            )
    if not chosen:
        return
    if all(table_format(one.name) for one in (chosen if include else visible)):
        yield from (Group((one,), is_table=True) for one in chosen)
    else:
        first = next((one for one in chosen if not table_format(one.name)), chosen[0])
        yield Group((first, *(one for one in visible if one != first)), is_table=False)


def _by_stem(files: Iterable[Listed], include: Sequence[str]) -> Iterator[list[Listed]]:
    """Files by folder and stem, or by the folder that is an item.

    Names that begin with a stem and a dot are neighbours in the order of bytes, and among them can
    be those of longer stems: so only stems that begin with each other are open at the same time.
    """
    open_stems: list[tuple[str, list[Listed]]] = []
    for file in files:
        while open_stems and not file.name.startswith(open_stems[-1][0]):
            yield open_stems.pop()[1]
        start = folder_of(file.name, include) or _stem(file.name)
        if not start:
            yield [file]
        elif open_stems and open_stems[-1][0] == start:
            open_stems[-1][1].append(file)
        else:
            open_stems.append((start, [file]))
    while open_stems:
        yield open_stems.pop()[1]


def _stem(name: str) -> str:
    """A path up to the dot before its extension; "" without an extension."""
    folder, slash, base = name.rpartition("/")
    ending = next((one for one in _LONG_ENDINGS if base.endswith(one)), "")
    stem, dot, _ = (f"{base.removesuffix(ending)}." if ending else base).rpartition(".")
    return f"{folder}{slash}{stem}{dot}" if stem else ""


def is_data(file: Listed) -> bool:
    """Whether a file is read without a glob that includes it."""
    return included(file.name, ()) and not _is_document(file.name)


def _is_document(name: str) -> bool:
    return _DOCUMENTS.fullmatch(name.rpartition("/")[2]) is not None
