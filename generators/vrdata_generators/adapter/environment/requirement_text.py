"""The text of a requirements file, as pip reads it: encoding, comments, continued lines."""

from __future__ import annotations

import locale
import re
from collections.abc import Iterator
from pathlib import Path

from vrdata.errors import InvalidInputError
from vrdata.text import byte_order_mark, decode

MAX_BYTES = 4 * 1024**2

# The same expressions as in pip's req_file.py.
_COMMENT = re.compile(r"(^|\s+)#.*$")
_CODING = re.compile(rb"coding[:=]\s*([-\w.]+)")


def read_text(path: Path, name: str) -> str:
    """The text of a requirements file, in any encoding that pip reads.

    Args:
        path: the file.
        name: what to call it in a message.

    Raises:
        InvalidInputError: it cannot be read or decoded.
    """
    try:
        data = path.read_bytes()
        if len(data) > MAX_BYTES:
            raise InvalidInputError(f"{name} is larger than {MAX_BYTES // 2**20} MiB")
        text = _decoded(data)
    except (UnicodeDecodeError, LookupError, OSError) as error:
        raise InvalidInputError(
            f"{name} cannot be read", why=str(error), fix="save it as UTF-8"
        ) from None
    if "\0" in text:
        raise InvalidInputError(
            f"{name} cannot be read",
            why="it has null characters: probably UTF-16 without a byte order mark",
            fix="save it as UTF-8",
        )
    return text


def _decoded(data: bytes) -> str:
    """By byte order mark, else by coding comment, else UTF-8, else the locale; as pip."""
    if not byte_order_mark(data):
        for line in data.split(b"\n")[:2]:
            coding = _CODING.search(line) if line.startswith(b"#") else None
            if coding:
                return data.decode(coding[1].decode("ascii"))
    try:
        return decode(data)
    except UnicodeDecodeError:
        if byte_order_mark(data):
            raise
        return data.decode(locale.getpreferredencoding(do_setlocale=False))


def logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines without comments, continued lines joined, with the number of their first line."""
    first, parts = 0, list[str]()
    for number, whole in enumerate((*text.splitlines(), ""), start=1):
        line = f" {whole}" if _COMMENT.match(whole) else whole
        first = first if parts else number
        if line.endswith("\\") and not _COMMENT.match(whole):
            parts.append(line.strip("\\"))
            continue
        joined = _COMMENT.sub("", "".join((*parts, line))).strip()
        parts.clear()
        if joined:
            yield first, joined
