"""Values of existing data: files by path or bytes, and what JSON can hold."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import math
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

MAX_SHOWN = 200  # characters of a value in a message


def path_in(path: str | Path, base: Path | None) -> Path:
    """A path below a folder.

    Args:
        path: relative to `base`.
        base: None = the path as it is.

    Raises:
        ValueError: it is a URL, or leaves the folder.
    """
    text = str(path)
    shown = repr(text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…")
    if "://" in text:
        raise ValueError(f"{shown} is a URL, and a converter has no network")
    if "\0" in text:
        raise ValueError(f"{shown} is not a path")
    if base is None:
        return Path(path)
    found = (base / path).resolve()
    if not found.is_relative_to(base.resolve()):
        raise ValueError(f"{shown} is outside of the files of the item")
    if not found.is_file():
        raise ValueError(
            f"{shown} is not one of the files of the item; "
            "CSV and JSONL tables name files in their folder, other tables contain the bytes"
        )
    return found


def encoded(value: Any, base: Path | None = None) -> bytes | None:
    """The bytes of the image file that a value holds or names; None for other values.

    Args:
        value: as for `as_rgb`.
        base: the folder of relative paths; a path must not leave it.

    Raises:
        ValueError: there is no such file.
    """
    match value:
        case bytes() | bytearray() | memoryview():
            return bytes(value)
        case Mapping():
            return _of_dict(value, base)
        case str() if value.startswith("data:"):
            return _of_data_url(value)
        case str() | Path():
            return _read(value, base)
    return None


def _of_dict(value: Mapping[str, Any], base: Path | None) -> bytes | None:
    body, path = value.get("bytes"), value.get("path")
    if body is not None:
        return encoded(body, base)
    if not path:
        raise ValueError("there is no image: it has neither bytes nor a path")
    return encoded(path, base)


def _of_data_url(value: str) -> bytes:
    head, comma, body = value.partition(",")
    if not comma or not head.endswith(";base64"):
        raise ValueError("the data: URL has no base64 data")
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error as error:
        raise ValueError(f"the data: URL is damaged: {error}") from None


def _read(path: str | Path, base: Path | None) -> bytes:
    file = path_in(path, base)
    try:
        return file.read_bytes()
    except OSError as error:
        raise ValueError(f"{file.name!r} cannot be read: {error.strerror}") from None


def as_file(value: Any, base: Path | None = None) -> Path | bytes | None:
    """A file as a path or as bytes; None for an empty value.

    Args:
        value: bytes, a path, or a dict of Hugging Face `datasets`, {"bytes": …, "path": …}.
        base: the folder of relative paths; a path must not leave it.

    Raises:
        ValueError: it is something else, or there is no such file.
    """
    match value:
        case None | "":
            return None
        case bytes() | bytearray() | memoryview():
            return bytes(value)
        case str() | Path():
            return path_in(value, base)
        case Mapping():
            body = value.get("bytes")
            return as_file(value.get("path") if body is None else body, base)
    raise ValueError(f"{type(value).__name__} is neither a path nor bytes")


def as_json(value: Any) -> Any:
    """A value with what JSON has: dates and decimals become text, NaN and infinity null.

    Raises:
        ValueError: it contains bytes or objects of other types.
    """
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else None
        case Mapping():
            return {str(name): as_json(one) for name, one in value.items()}
        case list() | tuple():
            return [as_json(one) for one in value]
        case dt.date() | dt.time() | dt.timedelta() | Decimal() | UUID():
            return str(value)
    raise ValueError(f"{type(value).__name__} is not a JSON value")


def has_bytes(value: Any) -> bool:
    """Whether a value contains bytes or files, which JSON does not have."""
    match value:
        case bytes() | bytearray() | memoryview() | Path():
            return True
        case Mapping():
            return any(map(has_bytes, value.values()))
        case list() | tuple():
            return any(map(has_bytes, value))
    return False
