"""Counts of samples and shards for the status, from commit markers and waves. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from vrdata.api.status import ClassStatus, SampleCounts, ShardCounts
from vrdata.plan.planned import PlannedGenerator, Shard
from vrdata.plan.waves import CLASSES
from vrdata_operator.state.facts import Totals
from vrdata_operator.state.names import wave_job
from vrdata_operator.state.run import RunView
from vrdata_operator.state.shard_sets import ShardSet


def by_class(view: RunView, *, over: bool = False) -> tuple[ClassStatus, ...]:
    """Samples and shards of each class in the plan.

    Args:
        over: the run has ended, so pods that its Jobs still count are not active shards.
    """
    classes = {planned.generator_class for planned in view.plan.generators}
    return tuple(_class_status(view, name, over=over) for name in CLASSES if name in classes)


def total_samples(classes: tuple[ClassStatus, ...]) -> SampleCounts:
    """The sum over classes."""
    return SampleCounts(
        desired=sum(one.samples.desired for one in classes),
        succeeded=sum(one.samples.succeeded for one in classes),
        failed=sum(one.samples.failed for one in classes),
    )


def total_shards(classes: tuple[ClassStatus, ...]) -> ShardCounts:
    """The sum over classes."""
    return ShardCounts(
        **{
            state: sum(getattr(one.shards, state) for one in classes)
            for state in ShardCounts.model_fields
        }
    )


def _class_status(view: RunView, name: str, *, over: bool) -> ClassStatus:
    planned = [one for one in view.plan.generators if one.generator_class == name]
    totals = view.facts.totals.get(name, Totals())
    ranges = {one.name: one for one in planned}
    lost = view.lost.only(ranges)
    lost_samples = sum(_size(ranges, shard) for shard in lost)
    damaged = (view.facts.damaged & view.facts.committed).only(ranges)
    damaged_samples = sum(_size(ranges, shard) for shard in damaged)
    shards, done = sum(one.shards for one in planned), len(view.done.only(ranges))
    retrying, active = (0, 0) if over else _unfinished(view, name)
    return ClassStatus.model_validate(
        {
            "name": name,
            "samples": SampleCounts(
                desired=sum(one.samples for one in planned),
                succeeded=max(0, totals.samples - damaged_samples),
                failed=totals.failed_samples + lost_samples,
            ),
            "shards": ShardCounts(
                pending=shards - done - len(lost) - retrying - active,
                active=active,
                retrying=retrying,
                succeeded=done,
                failed=len(lost),
            ),
        }
    )


def _size(ranges: Mapping[str, PlannedGenerator], shard: Shard) -> int:
    found = ranges[shard[0]].shard(shard[1])
    return found.stop - found.start


def _unfinished(view: RunView, name: str) -> tuple[int, int]:
    """Shards that failed and wait for a pod, and shards that have one."""
    retrying = active = 0
    for number, shards in view.open.items():
        wave = view.facts.waves[number]
        if wave.generator_class != name:
            continue
        remaining = shards - view.lost
        job = view.facts.jobs.get(wave_job(view.identity.uid, number))
        retry = wave.attempt > view.history.first_attempt
        waiting = len(remaining & view.failed.get(number, ShardSet()))
        here = min(job.active, len(remaining) - waiting) if job is not None else 0
        active += here
        retrying += len(remaining) - here if retry else waiting
    return retrying, active
