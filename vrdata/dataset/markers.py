"""Whether a commit marker says what the plan says. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from vrdata.dataset import layout
from vrdata.dataset.formats.registry import format_of
from vrdata.dataset.manifest import SampleRecord, ShardManifest
from vrdata.dataset.problems import Problem, problem
from vrdata.plan.planned import Plan, ShardRange
from vrdata.plan.seeds import block_seed


def marker_problems(plan: Plan, plan_hash: str, manifest: ShardManifest) -> Iterator[Problem]:
    """What is wrong with a marker.

    Args:
        plan: the run's plan; it has this shard.
        plan_hash: `plan.hash`, computed once for all markers.
        manifest: the marker.
    """
    where = layout.commit_key(manifest.generator, manifest.shard)
    planned = plan.generator(manifest.generator)
    shard = planned.shard(manifest.shard)
    if manifest.plan != plan_hash:
        message = f"it belongs to the plan {manifest.plan}, not {plan_hash}"
        yield problem("ForeignPlan", where, message)
        return  # everything else would only repeat this
    for name, found, expected in (
        ("digest", manifest.digest, planned.digest),
        ("start", manifest.start, shard.start),
        ("stop", manifest.stop, shard.stop),
        ("format", manifest.format, plan.output.format),
    ):
        if found != expected:
            yield problem("WrongMarker", where, f"{name} is {found}, the plan says {expected}")
    yield from _coverage(shard, manifest, where)
    for sample in manifest.samples:
        wrong = _sample_problem(sample, plan.seed, manifest.generator, planned.block_size)
        if wrong:
            yield problem("WrongMarker", where, f"sample {sample.index}: {wrong}")
    output = format_of(plan.output.format)
    if not output.matches(shard, manifest.samples, manifest.data):
        yield problem("WrongMarker", where, "its data objects are not those of its samples")


def _coverage(shard: ShardRange, manifest: ShardManifest, where: str) -> Iterator[Problem]:
    made = [sample.index for sample in manifest.samples]
    failed = [sample.index for sample in manifest.failed]
    if sorted(made + failed) != list(range(shard.start, shard.stop)):
        wanted = set(range(shard.start, shard.stop))
        missing = sorted(wanted.difference(made, failed))
        message = f"{len(missing)} samples are neither made nor failed, first {missing[:3]}"
        if not missing:
            message = "a sample is listed twice, or belongs to another shard"
        yield problem("WrongSamples", where, message)
    elif made != sorted(made):
        yield problem("WrongSamples", where, "the samples are not in index order")


def _sample_problem(sample: SampleRecord, run_seed: int, generator: str, block_size: int) -> str:
    names = [file.name for file in sample.files]
    if sample.id != layout.sample_id(sample.domain, sample.index):
        return f"its id is {sample.id}"
    if sample.block != sample.index // block_size:
        return f"its block is {sample.block}"
    if sample.seed != block_seed(run_seed, generator, sample.block):
        return f"its seed is {sample.seed}"
    if names != sorted(set(names)) or any("/" in name or not name for name in names):
        return "its file names are not sorted, unique and plain"
    return ""
