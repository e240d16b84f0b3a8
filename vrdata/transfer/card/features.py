"""The columns of Parquet files in the form of a dataset card: that of `datasets.Features`. Pure."""

from __future__ import annotations

import json
import re
from typing import Any

import pyarrow as pa

from vrdata.dataset.formats.parquet.columns import MEDIA

_MEDIA = {"Image": "image", "Video": "video", "Audio": "audio"}
_NAMES = {
    "halffloat": "float16",
    "float": "float32",
    "double": "float64",
    "date32[day]": "date32",
    "date64[ms]": "date64",
}
"""Types with another name in `datasets` than in pyarrow."""

_DTYPE = re.compile(
    r"null|bool|u?int\d+|float\d+|date(32|64)|(timestamp|time32|time64|duration)\[.+\]"
    r"|(large_)?(string|binary)|fixed_size_binary\[\d+\]|decimal(128|256)\(.+\)"
)


def features_of(schema: pa.Schema) -> list[dict[str, Any]] | None:
    """The columns with their types; None if `datasets` does not have one of the types.

    Args:
        schema: of the files. Its metadata says which columns contain images, videos or audio.
    """
    media = _media(schema)
    try:
        return [
            {"name": field.name}
            | ({"dtype": media[field.name]} if field.name in media else _feature(field.type))
            for field in schema
        ]
    except ValueError:
        return None


def types_of(schema: pa.Schema) -> list[tuple[str, str]]:
    """The columns with their types, for readers of the card."""
    media = _media(schema)
    return [(field.name, media.get(field.name, str(field.type))) for field in schema]


def _media(schema: pa.Schema) -> dict[str, str]:
    """Columns that `datasets` shows as media; converters may write anything to the metadata."""
    try:
        features = json.loads((schema.metadata or {})[b"huggingface"])["info"]["features"]
        return {
            field.name: _MEDIA[features[field.name]["_type"]]
            for field in schema
            if field.type == MEDIA and features[field.name]["_type"] in _MEDIA
        }
    except (KeyError, TypeError, ValueError, RecursionError):
        return {}


def _feature(kind: pa.DataType) -> dict[str, Any]:
    if pa.types.is_struct(kind):
        return {"struct": [{"name": part.name} | _feature(part.type) for part in kind]}
    if pa.types.is_large_list(kind):
        return {"large_list": _values(kind)}
    if pa.types.is_fixed_size_list(kind):
        return {"list": _values(kind), "length": kind.list_size}
    if pa.types.is_list(kind):
        return {"list": _values(kind)}
    name = _NAMES.get(str(kind), str(kind))
    if not _DTYPE.fullmatch(name):
        raise ValueError(name)
    return {"dtype": name}


def _values(kind: Any) -> Any:
    """The values of a list; a type alone, or the parts of a struct, have a short form."""
    inner = _feature(kind.value_type)
    return inner.get("dtype") or inner.get("struct") or inner
