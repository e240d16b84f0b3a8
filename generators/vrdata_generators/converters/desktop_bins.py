"""M-desktop-bins: stage 2 of desktop recordings, the bins of one recording."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import pyarrow as pa

from vrdata.desktop.chain.bins import COLUMNS, BinOptions, bin_rows
from vrdata.desktop.chain.columns import BINS_OF_RUN
from vrdata_generators.api import Converter, Item, Options, Row
from vrdata_generators.runs.rows import rows_of

MEASURED = {"secondsPerSample": 1.6, "peakMemoryBytes": 200_000_000, "bytesPerSample": 1_500_000}
BLOCK_SIZE = 1  # recordings are large


class DesktopBins(Converter):
    """The rows of `vrdata desktop bins`, of a run of M-desktop-events."""

    name: ClassVar[str] = "M-desktop-bins"
    domain: ClassVar[str] = "recording"
    schema: ClassVar[pa.Schema | None] = BINS_OF_RUN

    def convert(self, item: Item, options: Options) -> Iterator[Row]:
        """One row of each bin; the options are `fps` and `keep_topic`."""
        yield from bin_rows(rows_of(item, COLUMNS), BinOptions.of(options))
