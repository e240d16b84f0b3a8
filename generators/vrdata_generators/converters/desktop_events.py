"""M-desktop-events: stage 1 of desktop recordings, the events of one MCAP file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pyarrow as pa

from vrdata.desktop.chain.columns import EVENTS_OF_RUN
from vrdata.desktop.chain.events import event_rows, rates_of
from vrdata.desktop.recordings.folder import SIDECAR_SUFFIX, SUFFIX
from vrdata_generators.api import Converter, Item, Options, Row

MEASURED = {"secondsPerSample": 4.4, "peakMemoryBytes": 155_000_000, "bytesPerSample": 2_000_000}
BLOCK_SIZE = 1  # recordings are large


class DesktopEvents(Converter):
    """The rows of `vrdata desktop events`; the option is `rate`."""

    name: ClassVar[str] = "M-desktop-events"
    domain: ClassVar[str] = "recording"
    schema: ClassVar[pa.Schema | None] = EVENTS_OF_RUN

    def convert(self, item: Item, options: Options) -> Iterator[Row]:
        """One row of each event that is kept; `file_path` is the key of the recording."""
        rates = rates_of(options)
        found = _ending(item, SUFFIX)
        if len(found) != 1:
            raise ValueError(
                f"an item is one {SUFFIX} file with its companions, and this one has {len(found)}: "
                f'set source.include to ["*{SUFFIX}"]'
            )
        name, path = found[0]
        sidecar = next((one for _, one in _ending(item, SIDECAR_SUFFIX)), None)
        yield from event_rows(path, name, sidecar, rates)


def _ending(item: Item, suffix: str) -> list[tuple[str, Path]]:
    return [(name, path) for name, path in item.files.items() if name.endswith(suffix)]
