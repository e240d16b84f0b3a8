"""Which keys an object may have: those that mean the same in a folder and in a bucket. Pure."""

from __future__ import annotations

import re

from vrdata.errors import InvalidInputError

TEMPORARY = ".vrdata-tmp"
"""The hidden folder of unfinished writes; never part of a key."""

MAX_KEY_BYTES = 1024  # S3's limit for a whole key
MAX_PART_BYTES = 255  # the limit of one name on the usual file systems

_PART = rb"(?!(?:\.\.?|%s)(?:/|\Z))[^/\x00-\x1f\x7f]{1,%d}+" % (
    re.escape(TEMPORARY.encode()),
    MAX_PART_BYTES,
)
_KEY = re.compile(rb"%s(?:/%s)*+" % (_PART, _PART))


def check_key(key: str) -> str:
    """The key itself, when it names one object safely in every kind of store.

    Raises:
        InvalidInputError: the key is empty, absolute, too long, not UTF-8, holds a control
            character, an empty part, `.`, `..`, or the folder of unfinished writes.
    """
    reason = key_problem(key)
    if reason:
        raise InvalidInputError(f"{key!r} cannot be an object's key", why=reason)
    return key


def key_problem(key: str) -> str:
    """Why `key` cannot be an object's key, or "" when it can."""
    try:
        encoded = key.encode()
    except UnicodeEncodeError:
        return "it is not valid UTF-8"
    if len(encoded) > MAX_KEY_BYTES:
        return f"it is longer than {MAX_KEY_BYTES} bytes"
    # Listings ask this of every file, and hardly ever is something wrong.
    return "" if _KEY.fullmatch(encoded) else _explain(key)


def _explain(key: str) -> str:
    if not key:
        return "it is empty"
    if any(ord(char) < 32 or ord(char) == 127 for char in key):
        return "it holds a control character"
    return next(filter(None, map(_part_problem, key.split("/"))), "")


def _part_problem(part: str) -> str:
    if not part:
        return "it holds an empty part (a leading, closing or double slash)"
    if part in {".", ".."}:
        return f"it holds the part {part!r}"
    if part == TEMPORARY:
        return f"{TEMPORARY} is the folder of unfinished writes"
    if len(part.encode()) > MAX_PART_BYTES:
        return f"a part is longer than {MAX_PART_BYTES} bytes"
    return ""
