"""The features of Hugging Face `datasets` for an Arrow schema. Pure."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa


def features_of(schema: pa.Schema) -> dict[str, Any]:
    """The JSON form that all versions of `datasets` since 3.0 read.

    A list is `[inner]`: `Sequence` of a struct would be read as a struct of lists.
    """
    return {field.name: _feature(field.type) for field in schema}


def with_features(schema: pa.Schema) -> pa.Schema:
    """The schema with the metadata that `datasets` writes into Arrow files."""
    text = json.dumps({"info": {"features": features_of(schema)}}, separators=(",", ":"))
    return schema.with_metadata({"huggingface": text})


def _feature(kind: pa.DataType) -> Any:
    if pa.types.is_struct(kind):
        return {field.name: _feature(field.type) for field in kind}
    if pa.types.is_list(kind):
        return [_feature(kind.value_type)]
    return {"dtype": str(kind), "_type": "Value"}
