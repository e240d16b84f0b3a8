"""A commit marker before it is written: each sample's record is kept as its JSON text.

A parsed record takes about ten times the memory of its text, and a shard may have thousands.
"""

from __future__ import annotations

import platform
import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from vrdata import __version__
from vrdata.contract.worker import ShardTask
from vrdata.dataset.checks.dropped import with_dropped
from vrdata.dataset.codec import decode_record, describe_records, encode_marker
from vrdata.dataset.formats.base import PendingObject
from vrdata.dataset.formats.registry import format_of
from vrdata.dataset.manifest import Attempt, DataObject, FileObjects, Record, ShardManifest
from vrdata.model import OutputFormat
from vrdata.plan.planned import Plan
from vrdata_worker.generate.generated import GeneratedShard


@dataclass(frozen=True, slots=True)
class MarkerDraft:
    """What will be the commit marker.

    Attributes:
        manifest: its first line.
        records: JSON of each record, in index order.
    """

    manifest: ShardManifest
    records: tuple[bytes, ...]

    def encode(self) -> bytes:
        """The marker's bytes. Raises InvalidInputError: its first line is too long."""
        return encode_marker(self.manifest, self.records)

    def parsed(self) -> Iterator[Record]:
        """The records, each parsed as it is taken."""
        return map(decode_record, self.records)


def describe_data(
    output_format: OutputFormat, data: Sequence[DataObject]
) -> tuple[DataObject | None, FileObjects | None]:
    """A manifest's `archive` and `files` for a shard's data objects; one of them is None."""
    if format_of(output_format).is_archive:
        return data[0], None
    return None, FileObjects(objects=len(data), bytes=sum(item.size for item in data))


def draft_marker(
    plan: Plan,
    task: ShardTask,
    generated: GeneratedShard,
    pending: Sequence[PendingObject],
    seconds: float,
) -> MarkerDraft:
    """The commit marker of a generated shard.

    Args:
        plan: the run's plan.
        task: the attempt.
        generated: the shard's samples.
        pending: its data objects.
        seconds: wall seconds so far.
    """
    planned = plan.generator(task.generator)
    shard = planned.shard(task.shard)
    data = [item.data_object() for item in pending]
    archive, files = describe_data(plan.output.format, data)
    records = generated.records()
    manifest = ShardManifest(
        plan=plan.hash,
        generator=task.generator,
        digest=planned.digest,
        shard=task.shard,
        start=shard.start,
        stop=shard.stop,
        format=plan.output.format,
        archive=archive,
        files=files,
        samples=len(generated.samples),
        failed_samples=len(generated.failed),
        records=describe_records(records),
        attempt=Attempt(
            number=task.attempt,
            seconds=round(seconds, 3),
            cpu_seconds=round(generated.cpu_seconds, 3),
            peak_memory_bytes=generated.peak_memory_bytes,
            architecture=platform.machine(),
            host=socket.gethostname(),
            version=__version__,
            hermetic=generated.hermetic,
        ),
    )
    return MarkerDraft(with_dropped(manifest, generated.failed), records)
