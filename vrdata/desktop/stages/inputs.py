"""What a stage takes over from the previous stage: where the rows come from, and instructions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import orjson

from vrdata.desktop.stages.facts import FACTS_FILE
from vrdata.desktop.tables.reading import Split
from vrdata.desktop.tables.writing import DatasetWriter


def provenance_of(splits: tuple[Split, ...]) -> Any:
    """What the dataset says of itself: JSON of vrdata, or the text of another program."""
    text = splits[0].description if splits else ""
    try:
        return json.loads(text) if text else None
    except ValueError:
        return text


def read_facts(folder: Path) -> list[dict[str, Any]]:
    """The lines about the recordings; none for a dataset of another program."""
    path = folder / FACTS_FILE
    if not path.is_file():
        return []
    with path.open("rb") as file:
        return [orjson.loads(line) for line in file]


def copy_facts(folder: Path, writer: DatasetWriter) -> None:
    """Keep the lines about the recordings beside the next table."""
    if lines := read_facts(folder):
        writer.note(FACTS_FILE, lines)
