"""Normalise a sample's metadata.json: equal fields for all generators, global ids. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from vrdata_child.sample import jsontext
from vrdata_child.sample.texts import decode_text, without_paths

MAX_BYTES = 16 * 2**20
"""Most bytes of metadata.json, as written and as stored; JSON Lines readers accept no more."""

NOTES = "vrdata_notes"
"""The field of the generator's part that says what the dataset does not keep of its videos."""


def normalise_metadata(  # noqa: PLR0913 - the sample's identity
    body: bytes,
    *,
    generator: str,
    domain: str,
    sample_id: str,
    seed: int,
    block: int,
    position: int,
    paths: Sequence[str],
    notes: Sequence[str] = (),
) -> tuple[bytes, str]:
    """The normalised file, and the generator's parameter hash or "".

    Readers derive types from a few samples, so every sample of every generator has the same
    fields of the same types. What the generator wrote is one of them, as JSON text.

    Args:
        body: the generator's metadata.json, `{}` if it did not write one.
        paths: paths of this machine, which must not appear in the content.
        notes: what the dataset does not keep of the generator's videos.

    Raises:
        ValueError: not a JSON object, too large, nested too deep, or with something that JSON
            readers refuse or change; see `jsontext.parse`.
    """
    own = _parsed(body)
    own.pop("timestamp", None)
    if notes:
        own[NOTES] = list(notes)
    try:
        own = _without_paths(own, paths)
        text = jsontext.canonical(own)
    except RecursionError:
        raise ValueError("metadata.json is nested too deep") from None
    given = own.get("param_hash")
    param_hash = given if isinstance(given, str) else ""
    fields = {
        "task_id": sample_id,
        "generator": generator,
        "domain": domain,
        "generation": {"seed": seed, "block": block, "position": position},
        "param_hash": param_hash,
        "generator_metadata": text,
    }
    written = encode_metadata(fields)
    _require_size(written)
    return written, param_hash


def is_metadata(body: bytes) -> bool:
    """Whether a file's content can be a sample's metadata: a JSON object that readers accept."""
    try:
        _parsed(body)
    except ValueError:
        return False
    return True


def encode_metadata(fields: Mapping[str, Any]) -> bytes:
    """The bytes of metadata.json with these fields; equal fields give equal bytes."""
    return f"{json.dumps(fields, sort_keys=True, indent=2, ensure_ascii=False)}\n".encode()


def _parsed(body: bytes) -> dict[str, Any]:
    _require_size(body)
    try:
        found = jsontext.parse(decode_text(body))
    except RecursionError:
        raise ValueError("metadata.json is nested too deep") from None
    except UnicodeDecodeError as error:
        raise ValueError(f"metadata.json is not UTF-8: {error}") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"metadata.json is not JSON: {error}") from None
    except ValueError as error:
        raise ValueError(f"metadata.json: {error}") from None
    if not isinstance(found, dict):
        raise ValueError("metadata.json is not a JSON object")  # noqa: TRY004 - bad data, not a bad call
    return found


def _require_size(body: bytes) -> None:
    if len(body) > MAX_BYTES:
        raise ValueError(f"metadata.json is larger than {MAX_BYTES} bytes")


def _without_paths(value: Any, paths: Sequence[str]) -> Any:
    if isinstance(value, str):
        return without_paths(value, paths)
    if isinstance(value, list):
        return [_without_paths(item, paths) for item in value]
    if isinstance(value, dict):
        named = {without_paths(key, paths): item for key, item in value.items()}
        if len(named) < len(value):
            raise ValueError("two of its names differ only in a path of this machine")
        return {key: _without_paths(item, paths) for key, item in named.items()}
    return value
