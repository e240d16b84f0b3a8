"""Stage 3: a table of bins to a table of sequences."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from vrdata import __version__
from vrdata.desktop.cores.actions import InvalidActionsError, decode_actions
from vrdata.desktop.cores.binning import Bin
from vrdata.desktop.cores.choices import FACT_OF, EncoderName, InstructionSource, Tail
from vrdata.desktop.cores.rows import SequenceOptions, Sequences
from vrdata.desktop.cores.sequences import step_of
from vrdata.desktop.encoders.registry import text_encoder
from vrdata.desktop.stages.grouping import Grouped, Row
from vrdata.desktop.stages.inputs import copy_facts, provenance_of, read_facts
from vrdata.desktop.stages.result import StageResult
from vrdata.desktop.tables.reading import Split, open_splits
from vrdata.desktop.tables.schemas import BINS, SEQUENCES
from vrdata.desktop.tables.writing import DatasetWriter, SplitWriter
from vrdata.errors import InvalidInputError

_COLUMNS = ("file_path", "bin_idx", "timestamp_ns", "state", "actions")
_REF_BYTES = 40


@dataclass(frozen=True)
class SequencesRequest:
    """What stage 3 reads and writes.

    Attributes:
        source: folder of the table of bins.
        output: folder of the dataset.
        length: bins of a sequence.
        overlap: share of a sequence that the next one repeats.
        tail: what becomes of the last bins.
        instruction: of recordings that have none of their own.
        instruction_from: where theirs comes from.
        encoder: of the events.
        unique_images: name a picture once, though several bins show it.
        overwrite: replace an existing dataset.
    """

    source: Path
    output: Path
    length: int
    overlap: Fraction
    tail: Tail
    instruction: str
    instruction_from: InstructionSource
    encoder: EncoderName
    unique_images: bool
    overwrite: bool

    def provenance(self) -> dict[str, Any]:
        """What determines the rows."""
        return {
            "program": f"vrdata {__version__}",
            "stage": "sequences",
            "sequence_length": self.length,
            "overlap_ratio": str(self.overlap),
            "tail": self.tail.value,
            "instruction": self.instruction,
            "instruction_from": self.instruction_from.value,
            "encoder": self.encoder.value,
            "unique_images": self.unique_images,
        }

    def options(self) -> SequenceOptions:
        """How the sequences are cut."""
        step = step_of(self.length, self.overlap)
        return SequenceOptions(
            self.length,
            step,
            self.tail,
            self.unique_images,
            lambda: text_encoder(self.encoder).text,
        )


def write_sequences(
    request: SequencesRequest, report: Callable[[str, Sequences], None]
) -> StageResult:
    """Write the sequences of all recordings, in the order of split, file, index.

    Args:
        request: what to do.
        report: called with each finished recording and its sequences.

    Raises:
        VrdataError: the bins cannot be used.
        OSError: the dataset cannot be written.
    """
    splits = open_splits(request.source, BINS)
    instructions = _instructions(request)
    recordings = 0
    with DatasetWriter(request.output, SEQUENCES, overwrite=request.overwrite) as writer:
        for split in splits:
            own = writer.split(split.name)
            recordings += _write_split(split, own, request, instructions, report)
        copy_facts(request.source, writer)
        result = StageResult(request.output, writer.rows(), recordings)
        writer.finish(request.provenance() | result.to_dict() | {"input": provenance_of(splits)})
    return result


def _instructions(request: SequencesRequest) -> dict[tuple[str, str], str]:
    """The own instructions of recordings, by split and file path."""
    fact = FACT_OF.get(request.instruction_from)
    if fact is None:
        return {}
    return {
        (one.get("split", ""), one["file_path"]): one[fact]
        for one in read_facts(request.source)
        if one.get(fact)
    }


def _write_split(
    split: Split,
    writer: SplitWriter,
    request: SequencesRequest,
    instructions: dict[tuple[str, str], str],
    report: Callable[[str, Sequences], None],
) -> int:
    recordings = 0
    options = request.options()
    with Grouped(split, _COLUMNS) as grouped:
        for name, rows in grouped.recordings():
            instruction = instructions.get((split.name, name), request.instruction)
            sequences = Sequences(name, _bins(name, rows), instruction, options)
            for row in sequences:
                writer.add(tuple(row.values()), _size(row))
            report(name, sequences)
            recordings += 1
    return recordings


def _bins(name: str, rows: Iterator[Row]) -> Iterator[Bin]:
    for _, index, time, state, actions in rows:
        try:
            events = tuple(decode_actions(actions, time))  # type: ignore[arg-type]
        except InvalidActionsError as error:
            raise InvalidInputError(
                f"bin {index} of {name} cannot be used", why=str(error), fix="run stage 2 again"
            ) from error
        yield Bin(index, time, state, events)  # type: ignore[arg-type]  # as the schema says


def _size(row: dict[str, Any]) -> int:
    texts = sum(map(len, row["encoded_events"]))
    return texts + sum(_REF_BYTES + len(one["path"]) for one in row["image_refs"])
