"""sources.json: where a pipeline's block finds its sources (docs/child-protocol.md)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from vrdata.plan.sources import PlannedPlace
from vrdata_worker.staging.entries import write as write_entries
from vrdata_worker.staging.whole.ranges.chunks import RangeReader
from vrdata_worker.staging.whole.ranges.server import NAME as SOCKET
from vrdata_worker.staging.whole.shared import Use

NAME = "sources.json"


def write(
    folder: Path, places: Sequence[PlannedPlace], staged: Sequence[Use | RangeReader]
) -> None:
    """Write sources.json to the folder of a block.

    Args:
        folder: absolute, without links.
        places: of the pipeline.
        staged: their staged folders, and what reads the others by ranges.

    Raises:
        OSError: it cannot be written.
    """
    found = [_entry(place, one) for place, one in zip(places, staged, strict=True)]
    write_entries(folder, found, NAME)


def _entry(place: PlannedPlace, staged: Use | RangeReader) -> dict[str, Any]:
    entry: dict[str, Any] = {"place": place.place, "serves": list(place.serves)}
    if isinstance(staged, Use):
        whole = {"folder": str(staged.folder), "files": None, "socket": ""}
        return entry | whole | ({"unpacked": True} if place.unpack else {})
    return entry | {"folder": "", "files": staged.files, "socket": SOCKET}
