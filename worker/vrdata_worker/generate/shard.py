"""Generate one shard: run its generator children, keep sample order, detect failures.

A block whose child failed is generated again without the sample that failed (`generate/narrow.py`).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from vrdata.dataset.formats.base import ShardWriter, SourceFile
from vrdata.dataset.formats.packing import checked
from vrdata.dataset.formats.untrusted import FileChangedError
from vrdata.errors import InvalidInputError
from vrdata.plan.planned import PlannedGenerator, ShardRange
from vrdata.plan.seeds import block_seed
from vrdata_worker.child import events
from vrdata_worker.child.limits import BlockLimits
from vrdata_worker.child.template import GeneratorTemplate
from vrdata_worker.failures import ShardFailedError, failure_of
from vrdata_worker.generate.allowance import certain_failures, refusal, refusal_of_items
from vrdata_worker.generate.block import BlockState
from vrdata_worker.generate.generated import GeneratedShard
from vrdata_worker.generate.kills import KilledBlocks
from vrdata_worker.generate.narrow import MAX_TIMEOUTS, Narrowing, Try
from vrdata_worker.generate.record import sample_record
from vrdata_worker.generate.running import RunningBlock
from vrdata_worker.staging.inputs import BlockInputs
from vrdata_worker.untrusted.folders import entered_sample, remove
from vrdata_worker.untrusted.packets import MAX_BYTES

POLL_SECONDS = 0.1
ENFORCE_SECONDS = 0.05  # between two looks at limits: each reads files of the kernel and of blocks
STOP_SECONDS = 5.0  # killed children end immediately; then the template is ended


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one shard.

    Attributes:
        children: concurrent block children.
        sample_timeout: longest time between two samples of a child, in seconds.
        memory_bytes: limit of one block; 0 = no limit.
        failed_samples: failed samples that the shard may drop.
        failed_items: items of a source that it may drop because they would fail again.
        scratch_bytes: scratch space of one block; 0 = what is free.
    """

    children: int
    sample_timeout: float
    memory_bytes: int
    failed_samples: int
    scratch_bytes: int = 0
    failed_items: int = 0


class ShardGenerator:
    """Generates the blocks of one shard and appends their samples to a writer in index order."""

    def __init__(  # noqa: PLR0913 - one collaborator each
        self,
        template: GeneratorTemplate,
        planned: PlannedGenerator,
        shard: ShardRange,
        *,
        run_seed: int,
        writer: ShardWriter,
        limits: Limits,
        on_sample: Callable[[int], None],
        tell: Callable[[str], None] = lambda _: None,
        items: BlockInputs | None = None,
    ) -> None:
        self._template = template
        self._planned = planned
        self._shard = shard
        self._run_seed = run_seed
        self._writer = writer
        self._limits = limits
        self._resources = BlockLimits(
            template, memory_bytes=limits.memory_bytes, scratch_bytes=limits.scratch_bytes
        )
        self._on_sample = on_sample
        self._running: dict[int, RunningBlock] = {}
        self._tell = tell
        self._items = items  # of a converter or a pipeline
        self._killed = KilledBlocks(template, self._running, tell)
        self._next = shard.first_block
        self._head = shard.first_block
        self._generated = GeneratedShard(hermetic=template.hermetic)
        self._enforced = 0.0

    def generate(self) -> GeneratedShard:
        """Generate every sample of the shard.

        Raises:
            ShardFailedError: more samples failed than the limits allow, or one cannot be packed,
                or what a block reads cannot be staged.
            VrdataError: the scratch folder cannot be written.
        """
        try:
            while self._head < self._shard.last_block:
                self._start_blocks()
                if self._items is not None:
                    self._items.check()
                self._killed.repeat()
                event = self._template.poll(POLL_SECONDS)
                if event is not None:
                    self._handle(event)
                self._enforce()
                self._advance()
        finally:
            self._stop_all()
        return self._generated

    def _enforce(self) -> None:
        """End the blocks that have reached a limit; fast generators report more often than this."""
        now = time.monotonic()
        if now - self._enforced < ENFORCE_SECONDS:
            return
        self._enforced = now
        for running in self._running.values():
            running.enforce(self._resources, self._limits.sample_timeout)

    def _start_blocks(self) -> None:
        # The window bounds scratch space: a slow head block stops new ones from starting.
        window = self._head + 2 * self._limits.children
        active = sum(not running.state.exited for running in self._running.values())
        while active < self._limits.children and self._next < min(self._shard.last_block, window):
            if self._items is not None and not self._items.is_ready(self._next):
                return
            self._start(self._next)
            self._next += 1
            active += 1

    def _start(self, block: int) -> None:
        start = block * self._planned.block_size
        size = self._planned.block_size if self._items is None else self._items.size_of(block)
        want = min(size, self._shard.stop - start)
        skip = max(0, self._shard.start - start)
        most = MAX_TIMEOUTS * self._limits.sample_timeout
        narrowing = Narrowing(self._template.launch.making, size, want, most)
        state = BlockState(block, start, want, skip, narrowing=narrowing, current=Try(size, want))
        seed = block_seed(self._run_seed, self._planned.name, block)
        write = (lambda _: None) if self._items is None else partial(self._items.write, block)
        self._running[block] = RunningBlock(
            self._template, self._planned, state, seed, self._tell, write
        )
        self._running[block].start(Try(size, want))

    def _handle(self, event: events.Event) -> None:
        running = self._running.get(event.block)
        if running is None:
            return
        running.hear(event)
        match event:
            case events.Sample():
                new = running.state.sample(event.position)
                if new:
                    running.remember(event)
                if not new or event.position < running.state.skip:
                    remove(event.folder)
                elif event.block == self._head:
                    self._append(running, event)
                else:
                    running.waiting.append(event)
            case events.Invalid():
                running.state.invalid(event)
                self._check_failures(running)
                if running.state.killed:
                    self._template.kill_block(event.block, abandon=True)
            case events.Exit():
                self._generated.cpu_seconds += event.cpu_seconds
                self._generated.peak_memory_bytes = max(
                    self._generated.peak_memory_bytes, event.peak_memory_bytes
                )
                running.state.killed = running.state.killed or self._resources.ended(event.block)
                if not self._killed.take(running, event):
                    self._end(running, event)
                self._check_failures(running)
            case _:
                pass

    def _end(self, running: RunningBlock, event: events.Exit) -> None:
        state, whole = running.state, not running.state.missing()
        running.end(event)
        cause = state.last or state.cause
        if not (whole or self._template.alive) and cause is not None:
            # Another attempt can make the samples of this block and of all others.
            raise ShardFailedError.of(cause)

    def _check_failures(self, running: RunningBlock) -> None:
        states = [other.state for other in self._running.values()]
        failed = len(self._generated.failed) + sum(len(state.failures) for state in states)
        if not self._planned.reads:
            error = refusal(running.state, failed, self._limits.failed_samples)
        else:
            certain = self._generated.certain + sum(map(certain_failures, states))
            limits = self._limits.failed_samples, self._limits.failed_items
            error = refusal_of_items(running.state, failed, certain, *limits)
        if error is not None:
            raise error

    def _advance(self) -> None:
        while (running := self._running.get(self._head)) is not None:
            for event in sorted(running.waiting, key=lambda sample: sample.position):
                self._append(running, event)
            running.waiting.clear()
            if not running.state.exited:
                return
            self._generated.add_failures(running.state)
            running.remove()
            if self._items is not None:
                self._items.release(self._head)
            del self._running[self._head]
            self._head += 1

    def _append(self, running: RunningBlock, event: events.Sample) -> None:
        index = running.state.start + event.position
        try:
            with entered_sample(event.folder) as folder:
                sources = [
                    SourceFile(file.name, folder / file.name, file.size, file.sha256)
                    for file in event.files
                ]
                if changed := self._changed(sources):
                    running.state.drop(event.position, failure_of(changed, index).failure)
                    self._check_failures(running)
                    return
                records = self._writer.add(index, event.domain, sources)
        except (FileChangedError, InvalidInputError) as error:
            raise failure_of(error, index) from None
        record = sample_record(index, running.state.block, running.seed, event, records)
        self._generated.samples.append((index, record.to_json()))
        remove(event.folder)
        self._on_sample(len(self._generated.samples))

    @staticmethod
    def _changed(sources: list[SourceFile]) -> FileChangedError | None:
        """Whether a file changed after its check; an archive could not drop its sample later."""
        try:
            for source in sources:
                if source.size <= MAX_BYTES:  # the format refuses larger ones
                    checked(source.path, source)
        except FileChangedError as error:
            return error
        return None

    def _stop_all(self) -> None:
        """End running blocks and drop their last events: a retry requests the same blocks."""
        alive = {block for block, running in self._running.items() if running.has_process}
        deadline = time.monotonic() + STOP_SECONDS
        while alive and self._template.alive:
            for block in alive:
                self._template.kill_block(block, abandon=True)
            event = self._template.poll(POLL_SECONDS)
            if isinstance(event, events.Exit):
                alive.discard(event.block)
            if time.monotonic() > deadline:
                self._template.close()
        for running in self._running.values():
            running.remove()
