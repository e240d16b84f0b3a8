"""Which waves a run needs next: the first pass, then retries with more memory. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from vrdata.api.profile import GenerationProfileSpec
from vrdata.api.quantities import parse_quantity
from vrdata.api.run import FailurePolicy
from vrdata.plan.catalogue import GeneratorClass
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


def first_attempt(waves: tuple[Wave, ...], run: str) -> int:
    """Number of a run's first attempts: after those of earlier objects with the same output."""
    earlier = itertools.takewhile(lambda wave: wave.run != run, waves)
    return max((wave.attempt + 1 for wave in earlier), default=0)


def first_waves(
    plan: Plan,
    committed: frozenset[Shard],
    waves: tuple[Wave, ...],
    run: str,
    profile: GenerationProfileSpec,
    policy: FailurePolicy,
) -> list[Wave]:
    """Waves for all that is missing and in no wave of this run yet.

    Args:
        waves: all waves so far; a death between two writes may have left only some of a run's.
        run: its UID.
    """
    given = {shard for wave in waves if wave.run == run for shard in wave.shards()}
    made: list[Wave] = []
    for name, shards in missing_by_class(plan, committed | given):
        for some in chunks(shards):
            made.append(
                Wave(
                    plan=plan.hash,
                    run=run,
                    wave=len(waves) + len(made),
                    generator_class=name,
                    attempt=first_attempt(waves, run),
                    memory_bytes=ladder(profile, name).memory,
                    allow_failed_samples=policy.max_failed_samples if not policy.retries else 0,
                    spans=to_spans(some),
                )
            )
    return made


def retry_waves(
    waves: tuple[Wave, ...],
    run: str,
    ended: Mapping[int, list[Shard]],
    failures: Mapping[Shard, Failure],
    profile: GenerationProfileSpec,
    policy: FailurePolicy,
) -> list[Wave]:
    """Waves for shards whose wave has ended without their commit marker.

    Args:
        waves: all waves so far, and those that are made in this turn.
        ended: uncommitted shards by the number of their ended wave.
        failures: why they failed, where it is known.
    """
    groups: dict[tuple[GeneratorClass, int, int], list[Shard]] = {}
    for number, shards in sorted(ended.items()):
        wave = waves[number]
        if is_last(wave, waves, policy):
            continue
        steps = ladder(profile, wave.generator_class)
        for shard in shards:
            failure = failures.get(shard)
            hungry = failure is not None and failure.reason in OUT_OF_MEMORY
            memory = steps.next(wave.memory_bytes) if hungry else wave.memory_bytes
            groups.setdefault((wave.generator_class, wave.attempt + 1, memory), []).append(shard)
    order = {name: place for place, name in enumerate(CLASSES)}
    keys = sorted(groups, key=lambda key: (order[key[0]], *key[1:]))
    made: list[Wave] = []
    for name, attempt, memory in keys:
        for some in chunks(sorted(groups[name, attempt, memory])):
            wave = Wave(
                plan=waves[0].plan,
                run=run,
                wave=len(waves) + len(made),
                generator_class=name,
                attempt=attempt,
                memory_bytes=memory,
                spans=to_spans(some),
            )
            allowed = policy.max_failed_samples if is_last(wave, waves, policy) else 0
            made.append(wave.model_copy(update={"allow_failed_samples": allowed}))
    return made


def is_last(wave: Wave, waves: tuple[Wave, ...], policy: FailurePolicy) -> bool:
    """Whether no retry is left to the shards of a wave."""
    return wave.attempt - first_attempt(waves, wave.run) >= policy.retries


def open_shards(
    waves: tuple[Wave, ...], run: str, committed: frozenset[Shard]
) -> Iterator[tuple[int, list[Shard]]]:
    """Uncommitted shards by the run's wave that has them now; waves without any are left out."""
    own = [wave for wave in waves if wave.run == run]
    latest = {shard: wave.wave for wave in own for shard in wave.shards()}
    for wave in own:
        mine = [
            shard
            for shard in wave.shards()
            if shard not in committed and latest[shard] == wave.wave
        ]
        if mine:
            yield wave.wave, mine
