"""`vrdata desktop bins` and `vrdata desktop sequences`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from vrdata.cli.common import Output, handle_errors, stderr
from vrdata.cli.desktop.common import (
    PACKAGES,
    FormatOption,
    InputOption,
    OutputDirOption,
    OverwriteOption,
    print_result,
    require_folder,
    warn_absent,
)
from vrdata.cli.failures import require
from vrdata.desktop.cores.choices import EncoderName, InstructionSource, Tail
from vrdata.text import count

if TYPE_CHECKING:
    from vrdata.desktop.cores.rows import Sequences


@handle_errors
def bins_command(
    input_dir: InputOption,
    output_dir: OutputDirOption,
    fps: Annotated[
        str, typer.Option("--fps", help="Bins per second, exact: 10, 29.97 or 30000/1001.")
    ] = "10",
    keep_topic: Annotated[
        list[str] | None,
        typer.Option(
            "--keep_topic",
            "--keep-topic",
            metavar="TOPIC",
            help="Exact name of a topic to keep; repeatable. `vrdata desktop stats` lists topics.",
            show_default="screen, keyboard, mouse",
        ),
    ] = None,
    overwrite: OverwriteOption = False,
    output: FormatOption = Output.TABLE,
) -> None:
    """Stage 2: put the events of each recording into bins of equal length.

    Columns: file_path, bin_idx, timestamp_ns, state, actions. The state is the last screen event
    before the end of the bin, or null. The actions are the keyboard and mouse events in the bin: a
    JSON array of objects with topic, timestamp_ns, message_type and msg.
    """  # fmt: skip
    require(PACKAGES, "vrdata desktop")
    require_folder(input_dir, "--input_dir")
    require_folder(output_dir, "--output_dir")
    from vrdata.desktop.cores.binning import DEFAULT_TOPICS
    from vrdata.desktop.cores.sampling import parse_number
    from vrdata.desktop.stages.bins import BinsRequest, write_bins

    topics = tuple(keep_topic or DEFAULT_TOPICS)
    request = BinsRequest(input_dir, output_dir, parse_number(fps, "--fps"), topics, overwrite)
    result = write_bins(request)
    print_result(result, output, "bin")
    if keep_topic or not any(result.rows.values()):
        warn_absent(result.absent, input_dir)


@handle_errors
def sequences_command(
    input_dir: InputOption,
    output_dir: OutputDirOption,
    sequence_length: Annotated[
        int,
        typer.Option(
            "--sequence_length", "--sequence-length", min=1, help="Number of bins in a sequence."
        ),
    ] = 32,
    instruction: Annotated[
        str, typer.Option("--instruction", help="Instruction of all recordings.")
    ] = "Complete the computer task",
    overlap_ratio: Annotated[
        str,
        typer.Option(
            "--overlap_ratio",
            "--overlap-ratio",
            help="Fraction of a sequence that the next one repeats: 0 or more, below 1.",
        ),
    ] = "0.5",
    tail: Annotated[
        Tail,
        typer.Option(
            "--tail",
            help="Bins that do not fill the last sequence: end one more full sequence with them "
            "(aligned), write a shorter one (short), or drop them (drop).",
        ),
    ] = Tail.ALIGNED,
    instruction_from: Annotated[
        InstructionSource,
        typer.Option(
            "--instruction_from",
            "--instruction-from",
            help="Source of the instruction of a recording: --instruction (text), the file "
            "NAME.instruction.txt beside NAME.mcap (sidecar), or the title of its first window "
            "(window). A recording without such a file or title gets --instruction.",
        ),
    ] = InstructionSource.TEXT,
    encoder: Annotated[
        EncoderName, typer.Option("--encoder", help="Form of events as text.")
    ] = EncoderName.TEXTUAL,
    unique_images: Annotated[
        bool,
        typer.Option(
            "--unique_images",
            "--unique-images",
            help="List an image once in a sequence, even if it is the state of several bins.",
        ),
    ] = False,
    overwrite: OverwriteOption = False,
    output: FormatOption = Output.TABLE,
) -> None:
    """Stage 3: cut the bins of each recording into overlapping sequences.

    Columns: instruction, encoded_events, image_refs, metadata. Images are references (path and
    time), not pixels. Metadata has the range of bins, the bin of each event, and the keys and
    buttons that are held down when the sequence begins.
    """  # fmt: skip
    require(PACKAGES, "vrdata desktop")
    require_folder(input_dir, "--input_dir")
    require_folder(output_dir, "--output_dir")
    from vrdata.desktop.cores.sampling import parse_overlap
    from vrdata.desktop.stages.sequences import (
        SequencesRequest,
        write_sequences,
    )

    request = SequencesRequest(
        source=input_dir,
        output=output_dir,
        length=sequence_length,
        overlap=parse_overlap(overlap_ratio),
        tail=tail,
        instruction=instruction,
        instruction_from=instruction_from,
        encoder=encoder,
        unique_images=unique_images,
        overwrite=overwrite,
    )
    print_result(write_sequences(request, _report), output, "sequence")


def _report(name: str, sequences: Sequences) -> None:
    """Name what the encoder or the reader could not use."""
    if sequences.invalid:
        stderr.print(f"invalid: {name}: {count(sequences.invalid, 'message')}", markup=False)
    if sequences.skipped:
        skipped = count(sequences.skipped, "action")
        stderr.print(f"not encoded: {name}: {skipped}", markup=False)
