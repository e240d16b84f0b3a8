"""Normalise a sample's metadata.json: no time, no private path; global ids. Pure."""

from __future__ import annotations

import json
from typing import Any

MAX_BYTES = 16 * 2**20


def normalise_metadata(  # noqa: PLR0913 - the sample's identity
    body: bytes,
    *,
    generator: str,
    domain: str,
    sample_id: str,
    seed: int,
    block: int,
    position: int,
    private: str,
) -> tuple[bytes, str]:
    """The normalised file, and the generator's parameter hash or "".

    Args:
        body: the generator's metadata.json, `{}` if it did not write one.
        private: the block's private folder, whose path must not appear in the content.

    Raises:
        ValueError: not a JSON object, too large, nested too deep, or with NaN or an infinite
            number (RFC 8259, section 6, has neither).
    """
    if len(body) > MAX_BYTES:
        raise ValueError(f"metadata.json is larger than {MAX_BYTES} bytes")
    try:
        found = json.loads(body.decode("utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise ValueError(f"metadata.json is not JSON: {error}") from None
    if not isinstance(found, dict):
        raise ValueError("metadata.json is not a JSON object")  # noqa: TRY004 - bad data, not a bad call
    found.pop("timestamp", None)
    given = found.get("param_hash", "")
    param_hash = given.replace(private, ".") if isinstance(given, str) else ""
    found |= {
        "task_id": sample_id,
        "generator": generator,
        "domain": domain,
        "generation": {"seed": seed, "block": block, "position": position},
    }
    text = _dumped(found, private)
    return text.encode("utf-8", "replace") + b"\n", param_hash


def _dumped(found: dict[str, Any], private: str) -> str:
    try:
        cleaned = _without_path(found, private)
        return json.dumps(cleaned, sort_keys=True, indent=2, ensure_ascii=False, allow_nan=False)
    except RecursionError:
        raise ValueError("metadata.json is nested too deep") from None
    except ValueError:
        raise ValueError(
            "metadata.json contains NaN or an infinite number, which is not valid JSON;"
            " write null or a string instead"
        ) from None


def _without_path(value: Any, private: str) -> Any:
    if isinstance(value, str):
        return value.replace(private, ".")
    if isinstance(value, list):
        return [_without_path(item, private) for item in value]
    if isinstance(value, dict):
        return {
            key.replace(private, "."): _without_path(item, private) for key, item in value.items()
        }
    return value
