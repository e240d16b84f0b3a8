"""Generate the blocks of a profile, sampled or plain."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from vrdata.contract.refusals import Refusal
from vrdata.dataset.formats.base import ShardWriter, SourceFile
from vrdata.dataset.formats.registry import format_of
from vrdata.hermetic import Hermetic
from vrdata.plan.planned import ShardRange
from vrdata.plan.seeds import block_seed
from vrdata_child.sampler import NAME
from vrdata_generators.adapter.profile import recorded
from vrdata_generators.adapter.profile.recorded import Recorded
from vrdata_generators.adapter.proof.trial import error_of, follow, started
from vrdata_worker.child import events
from vrdata_worker.child.blocks import BlockRequest
from vrdata_worker.child.launch import Launch
from vrdata_worker.failures import log_tail
from vrdata_worker.scratch import default_root, scratch_folder
from vrdata_worker.untrusted.folders import size_of, tail_of

Digests = dict[tuple[int, str], str]


@dataclass(slots=True)
class Blocks:
    """What the blocks of a generator gave.

    Attributes:
        digests: hex sha256 of each file, by sample and name.
        samples: number of valid samples.
        invalid: `reason: message` of each invalid sample.
        error: what ended a block early, or "".
        traceback: of the first exception of the generator, or "".
        log: the end of what the last block printed.
        packing: CPU seconds that its samples were packed in.
        start: of its process; None = not sampled.
        sampled: each block; empty = not sampled.
        folders: of its own code in its processes, besides its root.
    """

    digests: Digests = field(default_factory=dict)
    samples: int = 0
    invalid: list[str] = field(default_factory=list)
    error: str = ""
    traceback: str = ""
    log: str = ""
    packing: float = 0.0
    start: Recorded | None = None
    sampled: list[Recorded] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    refused: tuple[Refusal, ...] = ()
    hermetic: Hermetic | None = None


def generate_blocks(
    launch: Launch, *, name: str, block_size: int, samples: int, seed: int
) -> Blocks:
    """Generate and pack the first samples of a generator, as a run does.

    Args:
        launch: the generator; sampled if its `profile` is on.
        name: in the seeds of its blocks.
        block_size: samples of a block.
        samples: how many, starting with the first block.
        seed: the run seed.

    Raises:
        BrokenGeneratorError: it cannot be imported.
        InvalidInputError: its sampled block has no valid profile.
        StorageError: the scratch folder cannot be used.
    """
    found = Blocks()
    with (
        scratch_folder(default_root()) as folder,
        _packed(folder / "data", name, samples, found) as writer,
        started(launch, folder) as template,
    ):
        for block in range(-(-samples // block_size)):
            place = template.new_folder()
            found.folders = [str(place / "cwd"), str(place.parents[1] / "packages")]
            request = BlockRequest(
                block=block,
                seed=block_seed(seed, name, block),
                count=block_size,
                want=min(block_size, samples - block * block_size),
                start=block * block_size,
                dir=place,
            )
            progress = follow(template, request, _Taker(found, request, writer))
            found.invalid += progress.invalid
            found.traceback = found.traceback or progress.traceback
            found.error = error_of(progress, request)
            found.log = log_tail(place)
            found.refused = progress.exit.refused if progress.exit else ()
            if found.error:
                break
            if launch.profile:
                _read(place / NAME, found)
    found.hermetic = template.hermetic
    return found


class _Taker:
    """Packs each sample and keeps the digests of its files."""

    def __init__(self, found: Blocks, request: BlockRequest, writer: ShardWriter) -> None:
        self._found, self._start, self._writer = found, request.start, writer

    def __call__(self, event: events.Sample, folder: Path) -> None:
        index = self._start + event.position
        files = [
            SourceFile(file.name, folder / file.name, file.size, file.sha256)
            for file in event.files
        ]
        begin = time.process_time()
        self._writer.add(index, event.domain, files)
        self._found.packing += time.process_time() - begin
        self._found.samples += 1
        self._found.digests |= {(index, file.name): file.sha256 for file in event.files}


@contextmanager
def _packed(folder: Path, name: str, samples: int, found: Blocks) -> Iterator[ShardWriter]:
    folder.mkdir()
    shard = ShardRange(name, shard=0, first_block=0, last_block=1, start=0, stop=samples)
    writer = format_of("webdataset").open_writer(folder, shard)
    try:
        yield writer
    finally:
        begin = time.process_time()
        writer.finish()
        found.packing += time.process_time() - begin


def _read(path: Path, found: Blocks) -> None:
    size = size_of(path)
    body = tail_of(path, recorded.MAX_BYTES) if size <= recorded.MAX_BYTES else b""
    found.start, block = recorded.read(body)
    found.sampled.append(block)


def differing(one: Digests, other: Digests) -> Sequence[tuple[int, str]]:
    """The files that differ, as sample and name, in order."""
    names = one.keys() | other.keys()
    return sorted(name for name in names if one.get(name) != other.get(name))
