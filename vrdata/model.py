"""The base of every pydantic model, and names that several layers use."""

from __future__ import annotations

import json
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

API_VERSION: Final = "vrdata.dev/v1alpha1"
OutputFormat = Literal["webdataset", "tar", "files", "parquet"]
VideoMode = Literal["h264", "asIs"]
GeneratorClass = Literal["O", "G", "M"]


class Model(BaseModel):
    """A frozen model that refuses unknown fields and reads and writes camelCase."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        populate_by_name=True,
        defer_build=True,
        hide_input_in_errors=True,  # it can have credentials
    )

    def to_dict(self) -> dict[str, Any]:
        """The camelCase JSON form, without fields that are None."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)

    def to_json(self) -> bytes:
        """Canonical JSON: sorted keys, no white space, UTF-8; equal models give equal bytes."""
        return canonical_json(self.to_dict())


def canonical_json(value: Any) -> bytes:
    """JSON bytes that are equal for equal values (sorted keys, compact, UTF-8)."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
