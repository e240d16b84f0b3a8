"""The columns of the rows of each stage in a run, and the facts in their last one. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import orjson
import pyarrow as pa

from vrdata.desktop.tables.schemas import BINS, EVENTS, SEQUENCES

FACTS = "facts"
"""The last column: on the last row of a recording, what is known of it, as JSON; else null."""

MEDIA = "media"
"""The facts name all media files that the recording refers to: where they are is not known yet."""

COUNTS = "sequences"
"""The facts of the last stage have its counts."""

_FIELD = pa.field(FACTS, pa.string())
EVENTS_OF_RUN = EVENTS.append(_FIELD)
BINS_OF_RUN = BINS.append(_FIELD)
SEQUENCES_OF_RUN = SEQUENCES.append(_FIELD)

Rows = Iterable[dict[str, Any]]


def with_facts(rows: Rows, facts: Callable[[], dict[str, Any] | None]) -> Iterator[dict[str, Any]]:
    """The rows of a recording; the last one gets the facts.

    Args:
        rows: of one recording.
        facts: called after the last row; None = there are none.
    """
    held: dict[str, Any] | None = None
    for row in rows:
        if held is not None:
            yield held
        held = row
    if held is not None:
        found = facts()
        yield held | ({} if found is None else {FACTS: orjson.dumps(found).decode()})


class FactsSeen:
    """Takes the facts out of the rows of the stage before.

    Attributes:
        facts: after the last row; None = there are none.
    """

    def __init__(self) -> None:
        self.facts: dict[str, Any] | None = None

    def see(self, cell: str | None) -> None:
        """Note a cell of the column.

        Raises:
            ValueError: it is not JSON.
        """
        if cell is not None:
            self.facts = orjson.loads(cell)
