"""JSON that loses nothing: numbers keep their digits, and no name is given twice. Pure."""

from __future__ import annotations

import json
import math
import re
from typing import Any, NamedTuple

MAX_DIGITS = 4300
"""Most digits of an integer that Python reads with its default settings (sys.int_info)."""

MAX_DEPTH = 100
"""Most levels of nesting. Python's own limit depends on the caller."""

_SURROGATE = re.compile("[\ud800-\udfff]")


class Number(NamedTuple):
    """A number as it was written: other types would round it or drop its sign."""

    text: str


def parse(text: str) -> Any:
    """A JSON text as lists, objects, strings, booleans, None and `Number`.

    Raises:
        ValueError: it is not JSON, or readers would refuse it or read something else: NaN, an
            infinite number, an integer of more than MAX_DIGITS digits, a name that an object has
            twice, half of a surrogate pair, or more than MAX_DEPTH levels.
        RecursionError: it is nested too deep.
    """
    if _SURROGATE.search(text):
        raise ValueError("it contains an invalid Unicode character (half of a surrogate pair)")
    found = json.loads(
        text,
        parse_int=_integer,
        parse_float=_finite,
        parse_constant=_finite,
        object_pairs_hook=_object,
    )
    _check(found, MAX_DEPTH)
    return found


def canonical(value: Any) -> str:
    """A parsed value as JSON on one line, with sorted names and numbers as they were written.

    Raises:
        RecursionError: it is nested too deep.
    """
    match value:
        case Number():
            return value.text
        case dict():
            items = (f"{_quoted(name)}: {canonical(value[name])}" for name in sorted(value))
            return f"{{{', '.join(items)}}}"
        case list():
            return f"[{', '.join(map(canonical, value))}]"
        case _:
            return _quoted(value)


def _quoted(value: str | bool | None) -> str:
    return json.dumps(value, ensure_ascii=False)


def _integer(text: str) -> Number:
    if len(text.lstrip("-")) > MAX_DIGITS:
        raise ValueError(f"it contains an integer of more than {MAX_DIGITS} digits")
    return Number(text)


def _finite(text: str) -> Number:
    """RFC 8259, section 6, has neither NaN nor infinity."""
    if not math.isfinite(float(text)):
        raise ValueError(
            "it contains NaN or an infinite number, which is not valid JSON;"
            " write null or a string instead"
        )
    return Number(text)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"an object has the name {twice!r} twice")
    return found


def _check(value: Any, levels: int) -> None:
    if levels < 0:
        raise ValueError(f"it is nested too deep, in more than {MAX_DEPTH} levels")
    match value:
        case Number():
            return
        case str() if _SURROGATE.search(value):
            raise ValueError("it contains an invalid Unicode character (half of a surrogate pair)")
        case list():
            for item in value:
                _check(item, levels - 1)
        case dict():
            for name, item in value.items():
                _check(name, levels)
                _check(item, levels - 1)
