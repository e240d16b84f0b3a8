"""Stage 2: a table of events to a table of bins."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from vrdata import __version__
from vrdata.desktop.cores.actions import encode_actions
from vrdata.desktop.cores.binning import TooManyBinsError, bins
from vrdata.desktop.recordings.event import Event
from vrdata.desktop.stages.grouping import Grouped, Row
from vrdata.desktop.stages.inputs import copy_facts, provenance_of
from vrdata.desktop.stages.result import StageResult
from vrdata.desktop.tables.reading import Split, open_splits
from vrdata.desktop.tables.schemas import BINS, EVENTS
from vrdata.desktop.tables.writing import DatasetWriter, SplitWriter
from vrdata.errors import InvalidInputError

_COLUMNS = ("file_path", "timestamp_ns", "topic", "message_type", "msg")
_ROW_BYTES = 12


@dataclass(frozen=True)
class BinsRequest:
    """What stage 2 reads and writes.

    Attributes:
        source: folder of the table of events.
        output: folder of the dataset.
        fps: bins a second.
        topics: to keep, by exact name.
        overwrite: replace an existing dataset.
    """

    source: Path
    output: Path
    fps: Fraction
    topics: tuple[str, ...]
    overwrite: bool

    def provenance(self) -> dict[str, Any]:
        """What determines the rows."""
        return {
            "program": f"vrdata {__version__}",
            "stage": "bins",
            "fps": str(self.fps),
            "topics": list(self.topics),
        }


def write_bins(request: BinsRequest) -> StageResult:
    """Write the bins of all recordings, in the order of split, file, index.

    Args:
        request: what to do.

    Raises:
        VrdataError: the events cannot be used.
        OSError: the dataset cannot be written.
    """
    splits = open_splits(request.source, EVENTS)
    recordings, found = 0, set[str]()
    with DatasetWriter(request.output, BINS, overwrite=request.overwrite) as writer:
        for split in splits:
            number, topics = _write_split(split, writer.split(split.name), request)
            recordings, found = recordings + number, found | topics
        copy_facts(request.source, writer)
        absent = tuple(topic for topic in request.topics if topic not in found)
        result = StageResult(request.output, writer.rows(), recordings, absent=absent)
        writer.finish(request.provenance() | result.to_dict() | {"input": provenance_of(splits)})
    return result


def _write_split(split: Split, writer: SplitWriter, request: BinsRequest) -> tuple[int, set[str]]:
    """Write the bins of a split; the number of its recordings, and their topics."""
    recordings = 0
    with Grouped(split, _COLUMNS, request.topics) as grouped:
        for name, rows in grouped.recordings():
            try:
                for one in bins(_events(rows), request.fps):
                    actions = encode_actions(one.actions)
                    size = len(name) + len(one.state or b"") + len(actions) + _ROW_BYTES
                    writer.add((name, one.bin_idx, one.timestamp_ns, one.state, actions), size)
            except TooManyBinsError as error:
                raise InvalidInputError(
                    f"{name} cannot be divided into bins",
                    why=str(error),
                    fix="remove the recording, or use a lower --fps",
                ) from error
            recordings += 1
    return recordings, grouped.topics


def _events(rows: Iterator[Row]) -> Iterator[Event]:
    for _, time, topic, kind, msg in rows:
        yield Event(topic, time, kind, msg)  # type: ignore[arg-type]  # as the schema says
