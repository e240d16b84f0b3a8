"""Check metadata.json: strict JSON with equal fields in every sample. The input is untrusted. Pure.

The generator child writes these fields (worker/vrdata_child/sample/metadata.py).
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

METADATA = "metadata.json"
GENERATOR_METADATA = "generator_metadata"
MAX_DIGITS = 4300
"""Most digits of an integer that Python reads with its default settings."""

_FIELDS: Mapping[str, Any] = {
    "domain": str,
    "generation": {"block": int, "position": int, "seed": int},
    "generator": str,
    GENERATOR_METADATA: str,
    "param_hash": str,
    "task_id": str,
}


def metadata_problem(body: bytes, identity: Mapping[str, Any] | None) -> str:
    """What is wrong with a metadata.json, or "".

    Args:
        body: the file's bytes.
        identity: fields and values that it must have, in a run; None for that of another tool.
    """
    try:
        found = _object(body.decode("utf-8"))
        if identity is None:
            return ""
        own = found.get(GENERATOR_METADATA)
        if isinstance(own, str):
            _object(own)
    except (ValueError, RecursionError) as error:
        return f"it is not JSON: {error}"
    except TypeError as error:
        return str(error)
    for name, value in identity.items():
        if found.get(name) != value:
            return f"{name} is {found.get(name)!r} instead of {value!r}"
    return _field_problem(found, _FIELDS, "")


def json_problem(body: bytes) -> str:
    """What is wrong with another JSON file, or ""; it may contain any value."""
    try:
        _parsed(body.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        return f"it is not JSON: {error}"
    return ""


def _object(text: str) -> dict[str, Any]:
    """A strict JSON object. Raises ValueError, RecursionError, or TypeError for another value."""
    found = _parsed(text)
    if not isinstance(found, dict):
        raise TypeError("it is not a JSON object")
    return found


def _parsed(text: str) -> Any:
    return json.loads(
        text,
        parse_int=_integer,
        parse_float=_finite,
        parse_constant=_finite,
        object_pairs_hook=_pairs,
    )


def _field_problem(found: Mapping[str, Any], fields: Mapping[str, Any], prefix: str) -> str:
    """How the fields differ from the ones that every sample has, or ""."""
    if other := sorted(found.keys() ^ fields.keys()):
        return f"{prefix}{other[0]} is {'not a field' if other[0] in found else 'missing'}"
    for name, kind in fields.items():
        value = found[name]
        if isinstance(kind, dict):
            if not isinstance(value, dict):
                return f"{prefix}{name} is not an object"
            if wrong := _field_problem(value, kind, f"{prefix}{name}."):
                return wrong
        elif type(value) is not kind:
            return f"{prefix}{name} is not {'a string' if kind is str else 'an integer'}"
    return ""


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("an object has the same name twice")
    return found


def _integer(text: str) -> int:
    if len(text.lstrip("-")) > MAX_DIGITS:
        raise ValueError(f"it contains an integer of more than {MAX_DIGITS} digits")
    return int(text)


def _finite(text: str) -> float:
    """A JSON number: NaN and infinity are not allowed (RFC 8259, section 6)."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"it contains the number {text}, which readers other than Python refuse")
    return number
