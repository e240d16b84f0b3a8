"""Generate one block on trial, and keep what can be compared and measured."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from vrdata.contract.reasons import FailureReason
from vrdata.contract.records import Failure
from vrdata.dataset.formats.untrusted import read_exactly
from vrdata_generators.adapter.proof.items import TrialItems, described
from vrdata_generators.adapter.proof.results import (
    BrokenGeneratorError,
    TrialResult,
    TrialSample,
    sample_of,
)
from vrdata_worker.child import events
from vrdata_worker.child.blocks import BlockRequest
from vrdata_worker.child.launch import Launch, TemplateBrokenError
from vrdata_worker.child.limits import SCRATCH_BYTES, BlockLimits
from vrdata_worker.child.template import GeneratorTemplate
from vrdata_worker.failures import log_tail
from vrdata_worker.generate.block import BlockState
from vrdata_worker.scratch import default_root, scratch_folder
from vrdata_worker.untrusted.folders import entered_sample, remove

BLOCK_SECONDS = 900
SAMPLE_SECONDS = 300
POLL_SECONDS = 0.2
MEMORY_BYTES = 8 * 1024**3


class BlockData(Protocol):
    """What the block of a pipeline reads, and leaves behind."""

    def begin(self, folder: Path) -> None:
        """Write `sources.json` to the folder of a block."""

    def end(self, folder: Path) -> None:
        """Read what the block has written beside its samples."""


@dataclass(slots=True)
class Progress:
    """What a block has given so far.

    Attributes:
        samples: number of finished samples.
        invalid: `reason: message` of each invalid one.
        traceback: of the first exception of the generator, or "".
        exit: the last event of the block.
        killed: why it was ended early.
    """

    samples: int = 0
    invalid: list[str] = field(default_factory=list)
    traceback: str = ""
    exit: events.Exit | None = None
    killed: Failure | None = None


def run_trial(  # noqa: PLR0913 - they describe the block
    launch: Launch,
    *,
    seed: int,
    count: int,
    want: int,
    block: int = 0,
    start: int | None = None,
    keep: Path | None = None,
    items: TrialItems | None = None,
    options: tuple[str, ...] = (),
    data: BlockData | None = None,
) -> TrialResult:
    """Generate the first `want` samples of a block of `count`, in a separate process.

    Its folder is where a run puts it. The path of a home can be too long for a Unix socket.

    Args:
        launch: the generator and how it runs; frames are always hashed.
        seed: the block's seed.
        count: samples of a whole block.
        want: samples needed, at most count.
        block: which block of the run.
        start: index of its first sample; None = the blocks before it have `count` samples each.
        keep: an existing folder to copy finished samples to, as `{domain}_task/{id}/`.
        items: what a converter converts.
        options: of a converter, each `name=value`; of a pipeline, further flags.
        data: the sources of a pipeline.

    Raises:
        BrokenGeneratorError: the template cannot find or import the generator.
        StorageError: the scratch folder cannot be used.
    """
    samples: dict[int, TrialSample] = {}

    def take(event: events.Sample, folder: Path) -> None:
        sample = sample_of(event, folder)
        if items is not None:
            seen = described(folder, [file.name for file in event.files])
            sample = replace(sample, seen=f"{items.key(block * count + event.position)}: {seen}")
        samples[event.position] = sample
        if keep is not None:
            _copy(event, folder, keep / f"{event.domain}_task" / event.id)

    with (
        scratch_folder(default_root()) as folder,
        started(replace(launch, hash_frames=True), folder) as template,
    ):
        place = template.new_folder()
        request = BlockRequest(
            block=block,
            seed=seed,
            count=count,
            want=want,
            start=block * count if start is None else start,
            dir=place,
            args=options,
        )
        if items is not None:
            items.stage(place, request.start, want)
        if data is not None:
            data.begin(place)
        progress = follow(template, request, take)
        log = log_tail(place)
        if data is not None:
            data.end(place)
    result = _outcome(progress, samples, log, request)
    return replace(result, hermetic=template.hermetic)


@contextmanager
def started(launch: Launch, scratch: Path) -> Iterator[GeneratorTemplate]:
    """A template that has imported its generator.

    Raises:
        BrokenGeneratorError: it cannot find or import it.
    """
    template = GeneratorTemplate(launch, scratch)
    try:
        try:
            template.start()
        except TemplateBrokenError as error:
            raise BrokenGeneratorError(str(error)) from None
        yield template
    finally:
        template.close()


def follow(
    template: GeneratorTemplate,
    request: BlockRequest,
    take: Callable[[events.Sample, Path], None],
) -> Progress:
    """Generate a block until it ends, within the limits of a trial.

    Args:
        template: started.
        request: the block.
        take: gets each finished sample and its folder, which is removed afterwards.
    """
    progress = Progress()
    limits = BlockLimits(template, memory_bytes=MEMORY_BYTES, scratch_bytes=SCRATCH_BYTES)
    template.submit(request)
    begin = last_event = time.monotonic()
    known = 0
    while progress.exit is None:
        event = template.poll(POLL_SECONDS)
        now = time.monotonic()
        begun = template.begun(request.block)
        if event is not None or begun != known:
            last_event, known = now, begun
        _record(event, progress, take)
        if not progress.killed and progress.exit is None:
            progress.killed = _limit(now - begin, now - last_event)
            progress.killed = progress.killed or limits.exceeded(request.block, request.dir)
            if progress.killed:
                template.kill_block(request.block)
    progress.killed = progress.killed or limits.ended(request.block)
    return progress


def _limit(total: float, idle: float) -> Failure | None:
    if total > BLOCK_SECONDS:
        what = f"the block took longer than {BLOCK_SECONDS} s"
        return Failure(reason=FailureReason.SAMPLE_TIMEOUT, message=what)
    if idle > SAMPLE_SECONDS:
        what = f"no new sample for {SAMPLE_SECONDS} s"
        return Failure(reason=FailureReason.SAMPLE_TIMEOUT, message=what)
    return None


def _record(
    event: events.Event | None,
    progress: Progress,
    take: Callable[[events.Sample, Path], None],
) -> None:
    match event:
        case events.Sample():
            with entered_sample(event.folder) as folder:
                take(event, folder)
            progress.samples += 1
            remove(event.folder)
        case events.Invalid():
            progress.invalid.append(f"{event.failure.reason}: {event.failure.message}")
            progress.traceback = progress.traceback or event.failure.traceback
        case events.Exit():
            progress.exit = event
            if event.failure is not None:
                progress.traceback = progress.traceback or event.failure.traceback
        case _:
            pass


def _copy(event: events.Sample, folder: Path, target: Path) -> None:
    target.mkdir(parents=True)
    for file in event.files:
        with (target / file.name).open("wb") as copy:
            copy.writelines(read_exactly(folder / file.name, file.size))


def _outcome(
    progress: Progress, samples: dict[int, TrialSample], log: str, request: BlockRequest
) -> TrialResult:
    end = progress.exit
    if end is None:
        raise RuntimeError("the block has not ended")
    return TrialResult(
        samples=samples,
        invalid=tuple(progress.invalid),
        error=error_of(progress, request),
        log=log,
        seconds=end.cpu_seconds,
        peak_memory_bytes=end.peak_memory_bytes,
        traceback=progress.traceback,
        streamed=end.streamed,
        sequential=end.sequential,
        beside=end.beside,
        examples=end.examples,
        refused=end.refused,
    )


def error_of(progress: Progress, request: BlockRequest) -> str:
    """What ended a block early, with its reason and the sample that failed; "" = nothing."""
    if progress.exit is None:
        raise RuntimeError("the block has not ended")
    reported = set(range(progress.samples + len(progress.invalid)))
    state = BlockState(request.block, request.start, request.want, reported=reported)
    state.killed = progress.killed
    state.end(progress.exit, "")
    if state.cause is None:
        return ""
    sample = "" if state.cause.sample is None else f" at sample {state.cause.sample}"
    return f"{state.cause.reason}{sample}: {state.cause.message}"
