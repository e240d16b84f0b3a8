"""Turn pydantic's errors into messages: which field, what is allowed, how to fix it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from vrdata.api.metadata import DNS_LABEL
from vrdata.api.profile import BY_DIGEST
from vrdata.api.run import OPTIONAL_PREFIX
from vrdata.api.selection import SELECTOR
from vrdata.api.source import SOURCE_PREFIX, SOURCE_URL

Place = tuple[str | int, ...]

_PATTERNS = {
    DNS_LABEL: "must be lower-case letters, digits and dashes, starting and ending with a "
    "letter or digit",
    SELECTOR: "must be a generator's name (letters, digits, _ and -) or a glob such as G-*",
    OPTIONAL_PREFIX: "must be folder names of letters, digits, _ and -, with / between them",
    BY_DIGEST: "must name an image by its digest: registry/name@sha256:…",
    SOURCE_URL: "must be hf://ORGANISATION/NAME, s3://BUCKET/PREFIX or a path, without spaces, "
    "user:password@, ?, # and %; set credentials in environment variables, such as HF_TOKEN; "
    "start a path that has such characters with ./ or /",
    SOURCE_PREFIX: "must be the start of hf://ORGANISATION/NAME or s3://BUCKET/PREFIX, in whole "
    "folders",
}
# Not shown again: it can have credentials.
_SECRET = re.compile(r"[a-z0-9+.-]+:.*[@?#]", re.IGNORECASE | re.DOTALL)


def word_problem(detail: ErrorDetails, model: type[BaseModel]) -> tuple[Place, str]:
    """The field's path and a sentence."""
    place = tuple(detail["loc"])
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "extra_forbidden":
        return place, _unknown_field(place, model)
    if kind == "missing":
        return place, "is missing; add it"
    if kind == "value_error":
        return place, str(context.get("error", detail["msg"]))
    return place, _sentence(kind, context, detail)


def without_echoes(details: list[ErrorDetails]) -> list[ErrorDetails]:
    """Drop "too short" of a list whose entries were refused one by one."""
    places = [tuple(detail["loc"]) for detail in details]
    return [
        detail
        for detail, place in zip(details, places, strict=True)
        if detail["type"] != "too_short"
        or not any(len(other) > len(place) and other[: len(place)] == place for other in places)
    ]


def _sentence(kind: str, context: Mapping[str, Any], detail: ErrorDetails) -> str:
    pattern = context.get("pattern")
    got = "" if pattern in {SOURCE_URL, SOURCE_PREFIX} else _got(detail["input"])
    sentences: dict[str, Callable[[], str]] = {
        "greater_than_equal": lambda: f"must be ≥ {context['ge']}",
        "less_than_equal": lambda: f"must be ≤ {context['le']}",
        "literal_error": lambda: f"must be {context['expected']}",
        "string_pattern_mismatch": lambda: _PATTERNS.get(str(pattern), f"must match {pattern}"),
        "string_too_long": lambda: f"must have at most {context['max_length']} characters",
        "string_too_short": lambda: "must not be empty",
        "too_short": lambda: "must have at least one entry",
        "too_long": lambda: f"must have at most {context['max_length']} entries",
        "int_type": lambda: "must be a whole number",
        "int_parsing": lambda: "must be a whole number",
        "int_from_float": lambda: "must be a whole number",
        "string_type": lambda: "must be text; put it in quotes",
        "bool_type": lambda: "must be true or false",
        "bool_parsing": lambda: "must be true or false",
        "model_type": lambda: "must be a mapping of fields",
        "dict_type": lambda: "must be a mapping of fields",
        "tuple_type": lambda: "must be a list; start each entry with a dash",
    }
    wanted = sentences.get(kind)
    return (wanted() if wanted else detail["msg"]) + got


def _got(value: Any) -> str:
    if value is None:
        return " (got no value)"
    text = str(value).lower() if isinstance(value, bool) else repr(value)
    if _SECRET.search(text):
        return ""
    return f" (got {text if len(text) <= 60 else text[:57] + '...'})"


def _unknown_field(place: Place, model: type[BaseModel]) -> str:
    known = field_names(model, place[:-1])
    written = str(place[-1])
    close = [name for name in known if name.lower() == written.lower()]
    close = close or get_close_matches(written, known, n=1, cutoff=0.5)
    if close:
        return f"unknown field; did you mean {close[0]}?"
    return f"unknown field; known here: {', '.join(sorted(known))}"


def field_names(model: type[BaseModel], place: Place) -> list[str]:
    """The field names that are allowed at a path of a model."""
    for part in place:
        if isinstance(part, int):
            continue
        field = next(
            (info for name, info in model.model_fields.items() if part in (info.alias, name)),
            None,
        )
        inner = _model_in(field.annotation) if field is not None else None
        if inner is None:
            return []
        model = inner
    return [info.alias or name for name, info in model.model_fields.items()]


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in get_args(annotation):
        found = _model_in(argument)
        if found is not None:
            return found
    return None
