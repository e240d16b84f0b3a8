"""M-desktop-sequences: stage 3 of desktop recordings, the sequences of one recording."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import pyarrow as pa

from vrdata.desktop.chain.columns import FACTS, SEQUENCES_OF_RUN, FactsSeen
from vrdata.desktop.chain.sequences import COLUMNS, RunOptions, sequence_rows
from vrdata_generators.api import Converter, Item, Options, Row
from vrdata_generators.runs.rows import rows_of

MEASURED = {"secondsPerSample": 4.5, "peakMemoryBytes": 215_000_000, "bytesPerSample": 2_000_000}
BLOCK_SIZE = 1  # recordings are large


class DesktopSequences(Converter):
    """The rows of `vrdata desktop sequences`, of a run of M-desktop-bins."""

    name: ClassVar[str] = "M-desktop-sequences"
    domain: ClassVar[str] = "recording"
    schema: ClassVar[pa.Schema | None] = SEQUENCES_OF_RUN

    def convert(self, item: Item, options: Options) -> Iterator[Row]:
        """One row of each sequence; the options are those of the command."""
        chosen, seen = RunOptions.of(options), FactsSeen()
        for (cell,) in rows_of(item, [FACTS]):  # they are in the last row, and needed in the first
            seen.see(cell)
        yield from sequence_rows(rows_of(item, COLUMNS), seen.facts, chosen)
