"""A generator's own words, fit for terminals, records and pages. Pure."""

from __future__ import annotations


def plain(text: str) -> str:
    """The text without control characters, line ends and tabs excepted; nothing steers a terminal.

    Lone surrogates go, too, so that it can always be written as UTF-8.
    """
    return "".join(letter for letter in text if letter.isprintable() or letter in "\n\t")


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
