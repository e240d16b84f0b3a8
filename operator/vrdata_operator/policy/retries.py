"""Which waves a run needs next: first attempts, then retries with more memory. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from vrdata.api.profile import GenerationProfileSpec
from vrdata.api.quantities import parse_quantity
from vrdata.api.run import FailurePolicy
from vrdata.contract.reasons import FailureReason
from vrdata.contract.records import FailureRecord
from vrdata.model import GeneratorClass
from vrdata.plan.planned import Plan, Shard
from vrdata.plan.waves import CLASSES, Wave, chunks, to_spans
from vrdata_operator.state.history import History
from vrdata_operator.state.shard_sets import ShardSet

MEMORY_STEP = 2  # each retry after running out of memory doubles the limit


@dataclass(frozen=True, slots=True)
class Ladder:
    """Memory limits of a pod in bytes: of the first attempt, and the largest."""

    memory: int
    ceiling: int

    def next(self, memory: int) -> int:
        """The limit, in bytes, after running out of `memory` bytes."""
        return min(memory * MEMORY_STEP, max(self.ceiling, memory))


def ladder(profile: GenerationProfileSpec, generator_class: GeneratorClass) -> Ladder:
    """The profile's memory limits of one class."""
    resources = profile.classes.of(generator_class)
    memory = int(parse_quantity(resources.memory))
    return Ladder(memory, max(memory, int(parse_quantity(resources.memory_ceiling))))


def first_waves(
    plan: Plan,
    committed: ShardSet,
    history: History,
    profile: GenerationProfileSpec,
    policy: FailurePolicy,
) -> list[Wave]:
    """Waves for missing shards that no wave of this run contains yet.

    An operator that was killed between two writes has stored only some of them.
    """
    missing = ShardSet.of_plan(plan) - committed - history.assigned
    attempt = history.first_attempt
    waves: list[Wave] = []
    for name in CLASSES:
        shards = missing.only(
            planned.name for planned in plan.generators if planned.generator_class == name
        )
        for chunk in chunks(list(shards)):
            waves.append(
                Wave(
                    plan=plan.hash,
                    run=history.run,
                    wave=len(history.waves) + len(waves),
                    generator_class=name,
                    attempt=attempt,
                    memory_bytes=ladder(profile, name).memory,
                    allow_failed_samples=_allowance(history, attempt, policy),
                    spans=to_spans(chunk),
                )
            )
    return waves


def retry_waves(
    history: History,
    ended: Mapping[int, ShardSet],
    failures: Mapping[Shard, FailureRecord],
    profile: GenerationProfileSpec,
    policy: FailurePolicy,
) -> list[Wave]:
    """Waves for shards whose wave has ended without their commit marker.

    Args:
        history: all waves, including those that this turn adds.
        ended: uncommitted shards by the number of their ended wave.
        failures: why they failed, as far as it is known.
    """
    groups: dict[tuple[GeneratorClass, int, int, bool, str], list[Shard]] = {}
    for number, shards in sorted(ended.items()):
        wave = history.waves[number]
        if history.is_last(wave.attempt, policy, repair=wave.repair):
            continue
        steps = ladder(profile, wave.generator_class)
        for shard in shards:
            failure = failures.get(shard)
            if failure is not None and failure.reason is FailureReason.NOT_DETERMINISTIC:
                continue
            more = failure is not None and failure.reason is FailureReason.OUT_OF_MEMORY
            memory = steps.next(wave.memory_bytes) if more else wave.memory_bytes
            key = (wave.generator_class, wave.attempt + 1, memory, wave.repair, wave.request)
            groups.setdefault(key, []).append(shard)
    order = {name: place for place, name in enumerate(CLASSES)}
    keys = sorted(groups, key=lambda key: (order[key[0]], *key[1:]))
    waves: list[Wave] = []
    for name, attempt, memory, repair, request in keys:
        for chunk in chunks(sorted(groups[name, attempt, memory, repair, request])):
            waves.append(
                Wave(
                    plan=history.waves[0].plan,
                    run=history.run,
                    wave=len(history.waves) + len(waves),
                    generator_class=name,
                    attempt=attempt,
                    memory_bytes=memory,
                    allow_failed_samples=_allowance(history, attempt, policy, repair=repair),
                    repair=repair,
                    request=request,
                    spans=to_spans(chunk),
                )
            )
    return waves


def repair_waves(
    plan: Plan,
    damaged: ShardSet,
    history: History,
    profile: GenerationProfileSpec,
    policy: FailurePolicy,
) -> list[Wave]:
    """Waves for damaged shards that no wave of a repair contains yet.

    Args:
        plan: the run's plan.
        damaged: these shards.
        history: all waves, including those that this turn adds.
        profile: the run's profile.
        policy: the run's failure policy.
    """
    waves: list[Wave] = []
    for name in CLASSES:
        shards = damaged.only(
            planned.name for planned in plan.generators if planned.generator_class == name
        )
        for chunk in chunks(list(shards)):
            waves.append(
                Wave(
                    plan=plan.hash,
                    run=history.run,
                    wave=len(history.waves) + len(waves),
                    generator_class=name,
                    attempt=history.repair_attempt,
                    memory_bytes=ladder(profile, name).memory,
                    allow_failed_samples=policy.max_failed_samples,
                    repair=True,
                    request=history.request,
                    spans=to_spans(chunk),
                )
            )
    return waves


def _allowance(
    history: History, attempt: int, policy: FailurePolicy, *, repair: bool = False
) -> int:
    """Samples that a shard may drop: none while another attempt follows.

    The attempt that committed a damaged shard may have dropped some, so a repair may, too.
    """
    last = repair or history.is_last(attempt, policy)
    return policy.max_failed_samples if last else 0
