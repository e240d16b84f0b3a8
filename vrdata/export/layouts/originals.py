"""Undo what a run changes in the files of a generator: names of files, fields of metadata. Pure."""

from __future__ import annotations

import json
from typing import Any

from vrdata.errors import InvalidInputError
from vrdata.export.layouts.base import METADATA, Sample
from vrdata_child.sample import jsontext
from vrdata_child.sample.names import stored_name

_OWN = "generator_metadata"


def original_name(stored: str) -> str:
    """The generator's name of a file, such as `layout.json` of `layout.json.txt`."""
    original = stored.rpartition(".")[0]
    return original if original and stored_name(original) == stored else stored


def metadata_of(sample: Sample) -> dict[str, Any]:
    """What the generator wrote to metadata.json, with the sample's id.

    Fields of the stored file that the generator did not write are added. Numbers are
    `jsontext.Number`: they keep their digits.

    Raises:
        InvalidInputError: it is not the metadata of a stored sample.
    """
    try:
        stored = jsontext.parse(sample.files[METADATA].decode())
        own = jsontext.parse(stored.pop(_OWN))
        return {**stored, **own, "task_id": stored["task_id"]}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise InvalidInputError(
            f"metadata.json of {sample.generator} sample {sample.index} cannot be used",
            why=str(error),
            fix="list everything that is damaged: vrdata verify",
        ) from None


def encoded(metadata: dict[str, Any]) -> bytes:
    """Metadata as a file: a line for each field, sorted by name."""
    names = sorted(metadata)
    lines = [f"  {json.dumps(name)}: {jsontext.canonical(metadata[name])}" for name in names]
    return ("{\n" + ",\n".join(lines) + "\n}\n").encode()


def original_files(sample: Sample) -> dict[str, bytes]:
    """All files of a sample by the generator's names, sorted; metadata.json as it wrote it.

    Raises:
        InvalidInputError: as `metadata_of`.
    """
    files = {original_name(name): body for name, body in sample.files.items()}
    if METADATA in files:
        files[METADATA] = encoded(metadata_of(sample))
    return dict(sorted(files.items()))
