"""Samples that failed and were dropped from committed shards, as groups of failures. Pure.

A marker's first line has them in short form, so that whoever counts shards can tell why samples
are missing without reading any record.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from vrdata.contract.groups import FailureGroup, FailureGroups, first_line
from vrdata.contract.reasons import FailureReason, parse_reason
from vrdata.contract.records import Failure
from vrdata.dataset.codec import MAX_HEAD
from vrdata.dataset.manifest import DroppedSamples, FailedSample, ShardManifest
from vrdata.plan.planned import Shard
from vrdata.text import head, printable

# Entries in a marker's first line, and bytes of each message: the first that fit are used.
_SIZES = ((4, 300), (4, 100), (4, 40), (2, 40), (1, 16))
_UNNAMED = "the first line of the commit marker does not say why; the marker's other lines do"


def add_failed_sample(groups: FailureGroups, shard: Shard, failed: FailedSample) -> None:
    """Count a failed sample of a committed shard."""
    failure = Failure(
        reason=parse_reason(failed.reason),
        message=failed.message,
        sample=failed.index,
        traceback=failed.traceback,
    )
    groups.add(failure.of(shard, 0), "samples")


def with_dropped(manifest: ShardManifest, failed: Iterable[FailedSample]) -> ShardManifest:
    """The manifest with the shard's failed samples in short form, as many as its line can hold.

    Args:
        manifest: complete otherwise.
        failed: the shard's failed samples.
    """
    groups = FailureGroups()
    for one in failed:
        add_failed_sample(groups, Shard(manifest.generator, manifest.shard), one)
    found = groups.all()
    if not found:
        return manifest
    for most, size in _SIZES:
        dropped = tuple(_short(group, size) for group in found[:most])
        described = manifest.model_copy(update={"dropped": dropped})
        if len(described.to_json()) < MAX_HEAD:
            return described
    return manifest


def dropped_groups(manifest: ShardManifest) -> Iterator[FailureGroup]:
    """The failed samples of a committed shard, from the first line of its marker.

    Those that the line does not name, as in markers of earlier versions, have the reason Unknown.
    """
    known = 0
    for one in manifest.dropped or ():
        known += one.samples
        message = first_line(printable(one.message))
        yield _group(manifest, parse_reason(one.reason), one.samples, one.sample, message)
    if manifest.failed_samples > known:
        rest = manifest.failed_samples - known
        yield _group(manifest, FailureReason.UNKNOWN, rest, None, _UNNAMED)


def _group(
    manifest: ShardManifest, reason: FailureReason, count: int, sample: int | None, message: str
) -> FailureGroup:
    return FailureGroup(
        generator=manifest.generator,
        reason=reason,
        unit="samples",
        count=count,
        shard=manifest.shard,
        sample=sample,
        message=message,
    )


def _short(group: FailureGroup, size: int) -> DroppedSamples:
    return DroppedSamples(
        reason=group.reason,
        samples=group.count,
        sample=group.sample or 0,
        message=head(first_line(group.message), size),
    )
