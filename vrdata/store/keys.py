"""Valid object keys: those that mean the same in a folder and in a bucket. Pure."""

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
    """Return the key if it safely names one object in every kind of store.

    Raises:
        InvalidInputError: the key is empty, absolute, too long or not UTF-8, or contains a control
            character, an empty part, `.`, `..`, or the folder of unfinished writes.
    """
    reason = key_problem(key)
    if reason:
        raise InvalidInputError(f"{key!r} is not a valid object key", why=reason)
    return key


def key_problem(key: str) -> str:
    """Why `key` is not a valid object key; "" for a valid one."""
    try:
        encoded = key.encode()
    except UnicodeEncodeError:
        return "it is not valid UTF-8"
    if len(encoded) > MAX_KEY_BYTES:
        return f"it is longer than {MAX_KEY_BYTES} bytes"
    # Listings check every file, and nearly all keys are valid: explain only invalid ones.
    return "" if _KEY.fullmatch(encoded) else _explain(key)


def _explain(key: str) -> str:
    if not key:
        return "it is empty"
    if any(ord(char) < 32 or ord(char) == 127 for char in key):
        return "it contains a control character"
    return next(filter(None, map(_part_problem, key.split("/"))), "")


def _part_problem(part: str) -> str:
    if not part:
        return "it contains an empty part (a leading, trailing or double slash)"
    if part in {".", ".."}:
        return f"it contains the part {part!r}"
    if part == TEMPORARY:
        return f"{TEMPORARY} is the folder of unfinished writes"
    if len(part.encode()) > MAX_PART_BYTES:
        return f"a part is longer than {MAX_PART_BYTES} bytes"
    return ""
