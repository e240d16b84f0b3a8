"""sources.json: where a pipeline's block finds its sources (docs/child-protocol.md)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from vrdata.plan.sources import PlannedPlace
from vrdata_worker.staging.entries import write as write_entries
from vrdata_worker.staging.whole.shared import Use

NAME = "sources.json"


def write(folder: Path, places: Sequence[PlannedPlace], uses: Sequence[Use | None]) -> None:
    """Write sources.json to the folder of a block.

    Args:
        folder: absolute, without links.
        places: of the pipeline.
        uses: their staged folders.

    Raises:
        OSError: it cannot be written.
    """
    found = [_entry(place, use) for place, use in zip(places, uses, strict=True)]
    write_entries(folder, found, NAME)


def _entry(place: PlannedPlace, use: Use | None) -> dict[str, Any]:
    return {
        "place": place.place,
        "serves": list(place.serves),
        "folder": "" if use is None else str(use.folder),
        "files": None,
        "socket": "",
    }
