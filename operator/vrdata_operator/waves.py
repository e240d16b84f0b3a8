"""Which waves a run needs next: the first pass, then retries with more memory. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from vrdata.api.profile import GenerationProfileSpec
from vrdata.api.quantities import parse_quantity
from vrdata.api.run import FailurePolicy
from vrdata.plan.model import Plan
from vrdata.plan.waves import CLASSES, Shard, Wave, chunks, missing_by_class, to_spans
from vrdata_operator.facts import Failure

MEMORY_STEP = 2  # each rung of the out-of-memory ladder doubles the limit
OUT_OF_MEMORY = frozenset({"OOMKilled"})


@dataclass(frozen=True, slots=True)
class Ladder:
    """Bytes of memory: a pod's first limit, and the largest."""

    memory: int
    ceiling: int

    def next(self, memory: int) -> int:
        """The limit after running out of `memory`."""
        return min(memory * MEMORY_STEP, max(self.ceiling, memory))


def ladder(profile: GenerationProfileSpec, generator_class: str) -> Ladder:
    """The profile's ladder of one class."""
    resources = getattr(profile.classes, generator_class)
    memory = int(parse_quantity(resources.memory))
    return Ladder(memory, max(memory, int(parse_quantity(resources.memory_ceiling))))


def first_waves(
    plan: Plan, committed: frozenset[Shard], profile: GenerationProfileSpec, policy: FailurePolicy
) -> list[Wave]:
    """Waves for all that is missing, when there is none yet."""
    waves: list[Wave] = []
    for name, shards in missing_by_class(plan, committed):
        for some in chunks(shards):
            waves.append(
                Wave(
                    plan=plan.hash,
                    wave=len(waves),
                    generator_class=name,
                    attempt=0,
                    memory_bytes=ladder(profile, name).memory,
                    allow_failed_samples=policy.max_failed_samples if not policy.retries else 0,
                    spans=to_spans(some),
                )
            )
    return waves


def retry_waves(
    waves: tuple[Wave, ...],
    ended: Mapping[int, list[Shard]],
    failures: Mapping[Shard, Failure],
    profile: GenerationProfileSpec,
    policy: FailurePolicy,
) -> list[Wave]:
    """Waves for shards whose wave has ended without their commit marker.

    Args:
        waves: all waves so far.
        ended: uncommitted shards by the number of their ended wave.
        failures: why they failed, where it is known.
    """
    groups: dict[tuple[str, int, int], list[Shard]] = {}
    for number, shards in sorted(ended.items()):
        wave = waves[number]
        if wave.attempt >= policy.retries:
            continue
        steps = ladder(profile, wave.generator_class)
        for shard in shards:
            failure = failures.get(shard)
            hungry = failure is not None and failure.reason in OUT_OF_MEMORY
            memory = steps.next(wave.memory_bytes) if hungry else wave.memory_bytes
            groups.setdefault((wave.generator_class, wave.attempt + 1, memory), []).append(shard)
    order = {name: place for place, name in enumerate(CLASSES)}
    keys = sorted(groups, key=lambda key: (order[key[0]], *key[1:]))  # type: ignore[index]
    made: list[Wave] = []
    for name, attempt, memory in keys:
        for some in chunks(sorted(groups[name, attempt, memory])):
            made.append(
                Wave.model_validate(
                    {
                        "plan": waves[0].plan,
                        "wave": len(waves) + len(made),
                        "class": name,
                        "attempt": attempt,
                        "memoryBytes": memory,
                        "allowFailedSamples": (
                            policy.max_failed_samples if attempt == policy.retries else 0
                        ),
                        "spans": to_spans(some),
                    }
                )
            )
    return made


def current_wave(waves: tuple[Wave, ...]) -> dict[Shard, int]:
    """The last wave of each shard that is in one."""
    return {shard: wave.wave for wave in waves for shard in wave.shards()}


def open_shards(
    waves: tuple[Wave, ...], committed: frozenset[Shard]
) -> Iterator[tuple[int, list[Shard]]]:
    """Uncommitted shards by the wave that has them now; waves without any are left out."""
    latest = current_wave(waves)
    for wave in waves:
        mine = [
            shard
            for shard in wave.shards()
            if shard not in committed and latest[shard] == wave.wave
        ]
        if mine:
            yield wave.wave, mine
