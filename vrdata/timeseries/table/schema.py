"""The columns of a table of episodes, version 1, and what its metadata say. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

import pyarrow as pa

from vrdata.model import canonical_json

VERSION: Final = 1
METADATA: Final = b"vrdata.timeseries"
"""Key of the file's metadata: JSON with the version, and the names of dimensions."""

Form = Literal["vrdata", "seed"]
"""`vrdata`: version 1. `seed`: steps are lists [seconds, value, …]; media are paths."""

SERIES: Final = ("actions", "observations")
STAMPS: Final = pa.list_(pa.int64())
MEDIA: Final = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
SEED_STEPS: Final = pa.list_(pa.list_(pa.float64()))

Names = Mapping[str, Sequence[str]]
"""Names of the dimensions of `actions` and of `observations`; either can be missing."""


def stamps_of(column: str) -> str:
    """The column with the timestamps of a series, e.g. `actions_timestamps`."""
    return f"{column}_timestamps"


def camera_column(column: str, camera: str) -> str:
    """The column of a camera: `video` is that of the first one, `video.wrist` another's."""
    return f"{column}.{camera}" if camera else column


def steps_type(dimensions: int, *, single: bool = False) -> pa.DataType:
    """The type of a series: steps of so many values, float32 if `single`, else float64."""
    return pa.list_(pa.list_(pa.float32() if single else pa.float64(), dimensions))


def table_schema(  # noqa: PLR0913 - one fact each
    actions: int,
    observations: int,
    *,
    cameras: Sequence[str] = (),
    single: Mapping[str, bool] | None = None,
    names: Names | None = None,
    form: Form = "vrdata",
) -> pa.Schema:
    """The columns of a table.

    Args:
        actions: values of one step of `actions`.
        observations: values of one step of `observations`.
        cameras: names of further cameras.
        single: which of `actions` and `observations` are float32; default: neither.
        names: names of the dimensions, kept in the metadata.
        form: see `Form`.
    """
    if form == "seed":
        return pa.schema(
            [
                ("text", pa.string()),
                ("actions", SEED_STEPS),
                ("observations", SEED_STEPS),
                ("image", pa.string()),
                ("video", pa.string()),
            ]
        )
    fields: list[tuple[str, pa.DataType]] = [("text", pa.string())]
    for column, dimensions in zip(SERIES, (actions, observations), strict=True):
        kind = steps_type(dimensions, single=(single or {}).get(column, False))
        fields += [(column, kind), (stamps_of(column), STAMPS)]
    for camera in ("", *cameras):
        fields += [
            (camera_column("image", camera), MEDIA),
            (camera_column("video", camera), MEDIA),
            (camera_column("video_start", camera), pa.int64()),
            (camera_column("video_timestamps", camera), STAMPS),
        ]
    fields.append(("audio", MEDIA))
    return pa.schema(fields, metadata={METADATA: canonical_json(_facts(names or {}))})


def cameras_of(columns: Sequence[str]) -> tuple[str, ...]:
    """The names of further cameras, in the order of their first columns."""
    found = (
        camera
        for column in columns
        for kind, dot, camera in (column.partition("."),)
        if kind in {"image", "video"} and dot and camera
    )
    return tuple(dict.fromkeys(found))


def facts_of(schema: pa.Schema) -> dict[str, Any]:
    """What the metadata say; {} for a table that another program wrote. Raises ValueError."""
    body = (schema.metadata or {}).get(METADATA)
    if body is None:
        return {}
    try:
        facts: dict[str, Any] = json.loads(body)
    except RecursionError as error:
        raise ValueError("its metadata is nested too deeply") from error
    version = facts.get("version") if isinstance(facts, dict) else None
    if type(version) is not int or version > VERSION:
        raise ValueError(f"it has version {version!r}; this vrdata reads up to {VERSION}")
    if not all(isinstance(facts.get(column, {}), dict) for column in SERIES):
        raise ValueError("its metadata does not describe the series as objects")
    return facts


def _facts(names: Names) -> dict[str, Any]:
    series = {column: {"names": list(names[column])} for column in SERIES if names.get(column)}
    return {"version": VERSION, **series}
