"""Which waves a run needs next: first attempts, then retries with more memory. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from vrdata.api.profile import GenerationProfileSpec
from vrdata.api.quantities import parse_quantity
from vrdata.api.run import FailurePolicy
from vrdata.contract.reasons import FailureReason
from vrdata.contract.records import FailureRecord
from vrdata.contract.retries import Retry
from vrdata.model import GeneratorClass
from vrdata.plan.planned import Plan, Shard
from vrdata.plan.waves import CLASSES, Wave, chunks, to_spans
from vrdata_operator.state.history import History, can_retry
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
    allowance = _allowance(history, attempt, policy)
    groups = [
        (_Kind(name, attempt, ladder(profile, name).memory, allowance), shards)
        for name, shards in _by_class(plan, missing)
    ]
    return _waves(plan.hash, history, groups)


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
    groups: dict[_Kind, list[Shard]] = {}
    for number, shards in sorted(ended.items()):
        wave = history.waves[number]
        if history.is_last(wave.attempt, policy, repair=wave.repair):
            continue
        steps = ladder(profile, wave.generator_class)
        attempt = wave.attempt + 1
        allowance = _allowance(history, attempt, policy, repair=wave.repair)
        for shard in shards:
            failure = failures.get(shard)
            if not can_retry(wave, failure, policy):
                continue
            more = failure is not None and failure.reason is FailureReason.OUT_OF_MEMORY
            drops = failure is not None and failure.retry is Retry.DROPPING
            kind = _Kind(
                wave.generator_class,
                attempt,
                steps.next(wave.memory_bytes) if more else wave.memory_bytes,
                policy.max_failed_samples if drops else allowance,
                wave.repair,
                wave.request,
            )
            groups.setdefault(kind, []).append(shard)
    if not groups:
        return []
    return _waves(
        history.waves[0].plan,
        history,
        [(kind, sorted(groups[kind])) for kind in sorted(groups, key=_Kind.order)],
    )


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
    attempt, allowance = history.repair_attempt, policy.max_failed_samples
    groups = [
        (
            _Kind(name, attempt, ladder(profile, name).memory, allowance, True, history.request),
            shards,
        )
        for name, shards in _by_class(plan, damaged)
    ]
    return _waves(plan.hash, history, groups)


@dataclass(frozen=True, slots=True)
class _Kind:
    """What the shards of one wave have in common; see the fields of `Wave`."""

    generator_class: GeneratorClass
    attempt: int
    memory_bytes: int
    allow_failed_samples: int
    repair: bool = False
    request: str = ""

    def order(self) -> tuple[int, int, int, int, bool, str]:
        """Sorts kinds: by class as in CLASSES, then by attempt, memory and allowance."""
        place, allowed = CLASSES.index(self.generator_class), self.allow_failed_samples
        return place, self.attempt, self.memory_bytes, allowed, self.repair, self.request


def _by_class(plan: Plan, shards: ShardSet) -> Iterator[tuple[GeneratorClass, ShardSet]]:
    for name in CLASSES:
        generators = (one.name for one in plan.generators if one.generator_class == name)
        yield name, shards.only(generators)


def _waves(
    plan_hash: str, history: History, groups: Iterable[tuple[_Kind, Iterable[Shard]]]
) -> list[Wave]:
    """The next waves, numbered after those of the history."""
    waves: list[Wave] = []
    for kind, shards in groups:
        for chunk in chunks(list(shards)):
            waves.append(
                Wave(
                    plan=plan_hash,
                    run=history.run,
                    wave=len(history.waves) + len(waves),
                    generator_class=kind.generator_class,
                    attempt=kind.attempt,
                    memory_bytes=kind.memory_bytes,
                    allow_failed_samples=kind.allow_failed_samples,
                    repair=kind.repair,
                    request=kind.request,
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
