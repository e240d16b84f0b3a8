"""A generator's own words, fit for terminals, records and pages. Pure."""

from __future__ import annotations

import unicodedata


def plain(text: str) -> str:
    """The text without control characters, line ends and tabs excepted; nothing steers a terminal.

    Lone surrogates go, too, so that it can always be written as UTF-8.
    """
    return "".join(filter(_is_harmless, text))


def _is_harmless(letter: str) -> bool:
    # To `isprintable` no space but the usual one is: Chinese and French texts have others, too.
    return letter.isprintable() or letter in "\n\t" or unicodedata.category(letter) == "Zs"


def tail(text: str, limit: int) -> str:
    """At most the last `limit` bytes of a text's UTF-8, from the begin of a line if one is there.

    Args:
        text: without lone surrogates, as `plain` gives it.
        limit: bytes.
    """
    body = text.encode()
    if len(body) <= limit:
        return text
    end = body[-limit:].decode(errors="ignore")
    return end.partition("\n")[2] or end
