"""What a stage takes over from the previous stage: where the rows come from, and instructions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import orjson

from vrdata.desktop.stages.facts import FACTS_FILE
from vrdata.desktop.tables.reading import Split
from vrdata.desktop.tables.writing import DatasetWriter
from vrdata.errors import InvalidInputError


def provenance_of(splits: tuple[Split, ...]) -> Any:
    """What the dataset says of itself: JSON of vrdata, or the text of another program."""
    text = splits[0].description if splits else ""
    try:
        return json.loads(text) if text else None
    except ValueError:
        return text


def read_facts(folder: Path) -> list[dict[str, Any]]:
    """The lines about the recordings; none for a dataset of another program.

    Raises:
        InvalidInputError: a line is damaged.
    """
    path = folder / FACTS_FILE
    if not path.is_file():
        return []
    with path.open("rb") as file:
        return [_fact(line, f"line {number} of {path}") for number, line in enumerate(file, 1)]


def _fact(line: bytes, name: str) -> dict[str, Any]:
    try:
        found = orjson.loads(line)
    except ValueError as error:
        found, why = None, str(error)
    else:
        why = "it is not about a recording"
    texts = ("file_path", "split", "instruction", "window")
    if (
        not isinstance(found, dict)
        or "file_path" not in found
        or any(not isinstance(found.get(one, ""), str | None) for one in texts)
    ):
        raise InvalidInputError(
            f"{name} is damaged", why=why, fix="run the previous stage again, or remove the file"
        )
    return found


def copy_facts(folder: Path, writer: DatasetWriter) -> None:
    """Keep the lines about the recordings beside the next table."""
    if lines := read_facts(folder):
        writer.note(FACTS_FILE, lines)
