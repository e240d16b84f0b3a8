"""Which waves a run needs next: the first pass, then retries with more memory. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from vrdata.api.profile import GenerationProfileSpec
from vrdata.api.quantities import parse_quantity
from vrdata.api.run import FailurePolicy
from vrdata.plan.catalogue import GeneratorClass
from vrdata.plan.planned import Plan, Shard
from vrdata.plan.waves import CLASSES, Wave, chunks, to_spans
from vrdata_operator.state.facts import Failure
from vrdata_operator.state.history import History
from vrdata_operator.state.shard_sets import ShardSet

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
    plan: Plan,
    committed: ShardSet,
    history: History,
    profile: GenerationProfileSpec,
    policy: FailurePolicy,
) -> list[Wave]:
    """Waves for all that is missing and in no wave of this run yet.

    A death between two writes may have left only some of them.
    """
    missing = ShardSet.of_plan(plan) - committed - history.assigned
    attempt = history.first_attempt
    made: list[Wave] = []
    for name in CLASSES:
        shards = missing.only(
            planned.name for planned in plan.generators if planned.generator_class == name
        )
        for some in chunks(list(shards)):
            made.append(
                Wave(
                    plan=plan.hash,
                    run=history.run,
                    wave=len(history.waves) + len(made),
                    generator_class=name,
                    attempt=attempt,
                    memory_bytes=ladder(profile, name).memory,
                    allow_failed_samples=_allowance(history, attempt, policy),
                    spans=to_spans(some),
                )
            )
    return made


def retry_waves(
    history: History,
    ended: Mapping[int, ShardSet],
    failures: Mapping[Shard, Failure],
    profile: GenerationProfileSpec,
    policy: FailurePolicy,
) -> list[Wave]:
    """Waves for shards whose wave has ended without their commit marker.

    Args:
        history: all waves, also those that are made in this turn.
        ended: uncommitted shards by the number of their ended wave.
        failures: why they failed, where it is known.
    """
    groups: dict[tuple[GeneratorClass, int, int], list[Shard]] = {}
    for number, shards in sorted(ended.items()):
        wave = history.waves[number]
        if history.is_last(wave.attempt, policy):
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
            made.append(
                Wave(
                    plan=history.waves[0].plan,
                    run=history.run,
                    wave=len(history.waves) + len(made),
                    generator_class=name,
                    attempt=attempt,
                    memory_bytes=memory,
                    allow_failed_samples=_allowance(history, attempt, policy),
                    spans=to_spans(some),
                )
            )
    return made


def _allowance(history: History, attempt: int, policy: FailurePolicy) -> int:
    """Samples that a shard may leave out: none while it will be tried again."""
    return policy.max_failed_samples if history.is_last(attempt, policy) else 0
