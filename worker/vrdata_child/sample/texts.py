r"""Texts of a sample: UTF-8 without a byte order mark, `\n` at line ends. Pure.

`vrdata.dataset.verify.sample.texts` has the same rules for what is stored.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Sequence
from functools import cache

TEXT_ENDINGS = frozenset({"text", "transcript", "txt"})
"""File name endings whose content readers return as text."""

# The longer mark first: that of UTF-16 is the beginning of that of UTF-32.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_LAYOUT = frozenset("\t\n\v\f\x85")
# Letters and a symbol that are drawn as nothing: Hangul fillers, the empty Braille pattern.
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")


def decode_text(body: bytes) -> str:
    """A file's text: UTF-8, or UTF-16 or UTF-32 with a byte order mark, which is dropped.

    Raises:
        UnicodeDecodeError: it is none of these.
    """
    encoding = next((name for mark, name in _MARKS if body.startswith(mark)), "utf-8")
    return body.decode(encoding).lstrip("\ufeff")


def normalise_newlines(text: str) -> str:
    r"""`\r\n` and `\r` become `\n`; other separators and Unicode forms stay as they are."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def without_paths(text: str, paths: Sequence[str]) -> str:
    """The text with `.` in the place of each path; the longest path comes first."""
    for path in paths:
        if path in text:
            text = _pattern(path).sub(".", text)
    return text


@cache
def _pattern(path: str) -> re.Pattern[str]:
    """Where a text contains a path.

    A path of one name, such as `/app`, can also be a part of a URL or of a word.
    """
    whole = r"(?<![\w.-]){}(?![\w-]|\.\w)" if path.count("/") < 2 else "{}"
    return re.compile(whole.format(re.escape(path)), re.ASCII)


def control_character(text: str) -> str:
    """The first control character that is not a tabulator or line separator, or ""."""
    return next((c for c in text if unicodedata.category(c) == "Cc" and c not in _LAYOUT), "")


def has_visible_text(text: str) -> bool:
    """Whether a character is drawn: no space, mark, control or format character, or filler."""
    return any(map(_is_visible, text))


def _is_visible(character: str) -> bool:
    category = unicodedata.category(character)
    return category[0] not in "ZM" and category not in ("Cc", "Cf") and character not in _BLANK
