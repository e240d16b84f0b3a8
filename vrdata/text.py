"""Text that others wrote, made fit for terminals, records and pages. Pure."""

from __future__ import annotations

import codecs
import re
import unicodedata

ELLIPSIS = "…"
LONGEST_SPAN = 500  # bytes of a name
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # starts with the mark of UTF-16: comes first
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def byte_order_mark(data: bytes) -> bytes:
    """The byte order mark that a text file starts with, or b""."""
    return next((mark for mark, _ in _MARKS if data.startswith(mark)), b"")


def decode(data: bytes, errors: str = "strict") -> str:
    """The text of a file that a user wrote: UTF-8, or UTF-16 or UTF-32 with a byte order mark.

    Args:
        data: the whole file.
        errors: what to do with invalid bytes, as for `bytes.decode`.

    Returns:
        The text without the mark.

    Raises:
        UnicodeDecodeError: it has another encoding.
    """
    mark = byte_order_mark(data)
    encoding = dict(_MARKS).get(mark, "utf-8")
    return data[len(mark) :].decode(encoding, errors)


def printable(text: str, instead: str = "") -> str:
    """The text without control characters and lone surrogates; line ends and tabs stay.

    What is left cannot control a terminal and can always be written as UTF-8.

    Args:
        text: any text.
        instead: replaces each character that is removed.
    """
    return "".join(letter if _is_harmless(letter) else instead for letter in text)


def printable_line(text: str, instead: str = "") -> str:
    """As `printable`, in one line: line ends and tabs are replaced, too."""
    return "".join(
        letter if _is_harmless(letter) and letter not in "\n\t" else instead for letter in text
    )


def _is_harmless(letter: str) -> bool:
    # `isprintable` accepts only one space; Chinese and French texts use others (category Zs).
    return letter.isprintable() or letter in "\n\t" or unicodedata.category(letter) == "Zs"


def count(number: int, noun: str, plural: str = "") -> str:
    """A number with its noun: `1 sample`, `2 samples`, `0 samples`.

    Args:
        number: how many.
        noun: in the singular.
        plural: if it is not the singular with an `s`.
    """
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def head(text: str, limit: int) -> str:
    """At most the first `limit` bytes of a text's UTF-8; a cut text ends with an ellipsis.

    Args:
        text: without lone surrogates, for example from `printable`.
        limit: bytes, at least 3.
    """
    body = text.encode()
    if len(body) <= limit:
        return text
    return body[: limit - len(ELLIPSIS.encode())].decode(errors="ignore") + ELLIPSIS


def tail(text: str, limit: int) -> str:
    """At most the last `limit` bytes of a text's UTF-8, from the start of a line if possible.

    Args:
        text: without lone surrogates, for example from `printable`.
        limit: bytes.
    """
    body = text.encode()
    if len(body) <= limit:
        return text
    end = body[-limit:].decode(errors="ignore") if limit > 0 else ""
    return end.partition("\n")[2] or end


def shorten(text: str, limit: int) -> str:
    """At most `limit` bytes of a text's UTF-8: the start of its first line, and its end.

    Args:
        text: without lone surrogates, for example from `printable`.
        limit: bytes, at least 16.
    """
    if len(text.encode()) <= limit:
        return text
    first = head(text.partition("\n")[0], limit // 4)
    gap = f"\n{ELLIPSIS}\n"
    return first + gap + tail(text, limit - len((first + gap).encode()))


def human_bytes(size: float) -> str:
    """Bytes with a binary unit, such as `1.5 GiB`."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"


def code_span(text: str, limit: int = LONGEST_SPAN) -> str:
    """A code span of Markdown, in which nothing is Markdown or HTML.

    Args:
        text: any.
        limit: the most bytes of it.
    """
    line = head(printable_line(text, " "), limit)
    fence = "`" * (max(map(len, re.findall("`+", line)), default=0) + 1)
    space = " " if "`" in line or not line.strip() else ""
    return f"{fence}{space}{line}{space}{fence}"
