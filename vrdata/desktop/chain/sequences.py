"""Stage 3 in a run: the sequences of one recording as rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from vrdata.desktop.chain.columns import COUNTS, with_facts
from vrdata.desktop.chain.options import OptionValues
from vrdata.desktop.cores.actions import decode_actions
from vrdata.desktop.cores.binning import Bin
from vrdata.desktop.cores.choices import FACT_OF, EncoderName, InstructionSource, Tail
from vrdata.desktop.cores.rows import SequenceOptions, Sequences
from vrdata.desktop.cores.sampling import parse_overlap
from vrdata.desktop.cores.sequences import step_of
from vrdata.desktop.encoders.registry import text_encoder

COLUMNS = ("file_path", "bin_idx", "timestamp_ns", "state", "actions")
"""What is read of the bins."""

DEFAULT_INSTRUCTION = "Complete the computer task"
_NAMES = (
    *("sequence_length", "overlap_ratio", "tail", "instruction", "instruction_from", "encoder"),
    "unique_images",
)


@dataclass(frozen=True)
class RunOptions:
    """How bins become sequences.

    Attributes:
        cut: how they are cut.
        instruction: of a recording that has none of its own.
        instruction_from: where its own comes from.
    """

    cut: SequenceOptions
    instruction: str
    instruction_from: InstructionSource

    @classmethod
    def of(cls, options: Mapping[str, str]) -> RunOptions:
        """The options of a run.

        Raises:
            ValueError: an option is unknown or invalid.
        """
        given = OptionValues(options, _NAMES)
        length = given.number("sequence_length", 32)
        overlap = given.parsed("overlap_ratio", "0.5", parse_overlap)
        encoder = given.choice("encoder", EncoderName.TEXTUAL)
        cut = SequenceOptions(
            length,
            step_of(length, overlap),
            given.choice("tail", Tail.ALIGNED),
            given.flag("unique_images"),
            lambda: text_encoder(encoder).text,
        )
        instruction = given.text("instruction", DEFAULT_INSTRUCTION)
        return cls(cut, instruction, given.choice("instruction_from", InstructionSource.TEXT))


def sequence_rows(
    bins: Iterable[tuple[Any, ...]], facts: dict[str, Any] | None, options: RunOptions
) -> Iterator[dict[str, Any]]:
    """The rows of a recording, in the order of time.

    Args:
        bins: of one recording, in order; `COLUMNS` of each.
        facts: of the recording.
        options: of the run.

    Raises:
        ValueError: the bins are not in order, of several recordings, or cannot be read.
    """
    known = facts or {}
    fact = FACT_OF.get(options.instruction_from)
    instruction = (known.get(fact) if fact else None) or options.instruction
    rows = iter(bins)
    first = next(rows, None)
    if first is None:
        return
    sequences = Sequences(first[0], _bins(first, rows), instruction, options.cut)

    def counted() -> dict[str, Any]:
        counts = {"invalid": sequences.invalid, "skipped": sequences.skipped}
        return known | {COUNTS: counts}

    yield from with_facts(sequences, counted)


def _bins(first: tuple[Any, ...], rows: Iterator[tuple[Any, ...]]) -> Iterator[Bin]:
    yield _bin(first)
    last = first
    for row in rows:
        if row[0] != first[0] or row[1] != last[1] + 1:
            raise ValueError(f"the bins of {first[0]} are not in order, or of several recordings")
        last = row
        yield _bin(row)


def _bin(row: tuple[Any, ...]) -> Bin:
    _, index, time, state, actions = row
    return Bin(index, time, state, tuple(decode_actions(actions, time)))
