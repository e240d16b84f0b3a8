"""Untrusted texts of a sample, cut to what a card shows. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from vrdata.dataset.report.model import Parameter

MAX_PROMPT = 2000
MAX_METADATA = 6000
MAX_PARAMETERS = 24
MAX_NAME = 60
MAX_VALUE = 120
MAX_LIST = 8
"""Longest list of plain values that is shown as one parameter."""

GENERATOR_METADATA = "generator_metadata"
"""The field of metadata.json with what the generator wrote, as JSON text."""

ELLIPSIS = "…"


def cut(text: str, limit: int) -> str:
    """At most `limit` characters, an ellipsis for the rest; replaces lone surrogates."""
    whole = text if len(text) <= limit else text[: limit - 1] + ELLIPSIS
    return whole.encode("utf-8", "replace").decode("utf-8")


def prompt_text(body: bytes) -> str:
    """A prompt to show; bytes that are not UTF-8 are replaced."""
    return cut(body.decode("utf-8", "replace").strip(), MAX_PROMPT)


def metadata_texts(body: bytes) -> tuple[tuple[Parameter, ...], str]:
    """The parameters, and the whole metadata.json indented.

    Parameters are the plain values in the generator's object `parameters`; nested ones get dotted
    names. A body that is not JSON has no parameters and is shown unchanged.
    """
    text = body.decode("utf-8", "replace")
    try:
        found = json.loads(text)
        own = _generator_metadata(found)
        shown = json.dumps(found, indent=2, ensure_ascii=False, sort_keys=True)
    except (ValueError, RecursionError):
        return (), cut(text, MAX_METADATA)
    given = own.get("parameters") if isinstance(own, dict) else None
    parameters = tuple(_first(_plain("", given), MAX_PARAMETERS)) if isinstance(given, dict) else ()
    return parameters, cut(shown, MAX_METADATA)


def _generator_metadata(found: Any) -> Any:
    """What the generator wrote; replaces its JSON text in `found`, so that it is shown indented."""
    if not isinstance(found, dict) or not isinstance(found.get(GENERATOR_METADATA), str):
        return None
    own = json.loads(found[GENERATOR_METADATA])
    found[GENERATOR_METADATA] = own
    return own


def size_text(size: int) -> str:
    """Bytes for a person: `812 B`, `3.4 kB`, `1.2 GB` (powers of 1000)."""
    value = float(size)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 999.95 or (unit == "B" and size < 1000):
            return f"{size} B" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} TB"


def _plain(prefix: str, value: Any) -> Iterator[Parameter]:
    """Plain values and short lists of them, depth first; the JSON parser limits the depth."""
    if isinstance(value, dict):
        for name in sorted(value):
            yield from _plain(f"{prefix}.{name}" if prefix else name, value[name])
    elif isinstance(value, list):
        if len(value) <= MAX_LIST and not any(isinstance(item, list | dict) for item in value):
            yield _parameter(prefix, json.dumps(value, ensure_ascii=False))
    else:
        shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        yield _parameter(prefix, shown)


def _parameter(name: str, value: str) -> Parameter:
    return Parameter(name=cut(name, MAX_NAME), value=cut(value, MAX_VALUE))


def _first(items: Iterator[Parameter], count: int) -> Iterator[Parameter]:
    for _, item in zip(range(count), items, strict=False):
        yield item
