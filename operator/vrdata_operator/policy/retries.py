"""Which waves a run needs next: first attempts, then retries with more memory. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from vrdata.api.profile import GenerationProfileSpec
from vrdata.api.quantities import parse_quantity
from vrdata.api.run import FailurePolicy
from vrdata.model import GeneratorClass
from vrdata.plan.planned import Plan, Shard
from vrdata.plan.waves import CLASSES, MAX_WAVES, Wave, chunks, to_spans
from vrdata_operator.state.history import History, Next
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

    An operator that was killed between two writes has stored only some of them, and files of
    waves can be lost. What became of the attempts of a lost wave is not known, so the next ones
    have later numbers, and none is charged.
    """
    missing = ShardSet.of_plan(plan) - committed - history.assigned
    attempt = history.first_attempt
    if any(not wave.spans for wave in history.own):
        attempt = max(wave.attempt for wave in history.own) + 1
    uncharged = attempt - history.first_attempt
    allowance = _allowance(history, attempt, policy, uncharged=uncharged)
    groups = [
        (_Kind(name, attempt, ladder(profile, name).memory, allowance, uncharged), shards)
        for name, shards in _by_class(plan, missing)
    ]
    return _waves(plan.hash, history, groups)


def retry_waves(
    history: History,
    failed: Mapping[int, Mapping[Shard, Next]],
    profile: GenerationProfileSpec,
    policy: FailurePolicy,
) -> list[Wave]:
    """Waves for shards whose attempt failed.

    Args:
        history: all waves, including those that this turn adds.
        failed: these shards and what follows, by the number of the wave of the attempt.
        profile: the run's profile.
        policy: the run's failure policy.
    """
    groups: dict[_Kind, list[Shard]] = {}
    for number, shards in sorted(failed.items()):
        wave = history.waves[number]
        larger = ladder(profile, wave.generator_class).next(wave.memory_bytes)
        for shard, following in shards.items():
            memory = larger if following is Next.LARGER else wave.memory_bytes
            kind = _next_kind(history, wave, following, memory, policy)
            if kind is not None:
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
            _Kind(name, attempt, ladder(profile, name).memory, allowance, 0, True, history.request),
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
    uncharged: int = 0
    repair: bool = False
    request: str = ""

    def order(self) -> tuple[int, ...]:
        """Sorts kinds: by class as in CLASSES, then by attempt, memory and allowance."""
        place, allowed = CLASSES.index(self.generator_class), self.allow_failed_samples
        return place, self.attempt, self.memory_bytes, allowed, self.uncharged, self.repair


def _next_kind(
    history: History, wave: Wave, following: Next, memory: int, policy: FailurePolicy
) -> _Kind | None:
    """The kind of the attempt that follows one of this wave; None when none follows."""
    if following is Next.NOTHING:
        return None
    attempt, uncharged, allowance = wave.attempt + 1, wave.uncharged, wave.allow_failed_samples
    if following is Next.UNCHARGED:
        uncharged += 1
    elif following is Next.DROPPING:
        allowance = policy.max_failed_samples
    else:
        allowance = _allowance(history, attempt, policy, uncharged=uncharged, repair=wave.repair)
    return _Kind(
        wave.generator_class, attempt, memory, allowance, uncharged, wave.repair, wave.request
    )


def _by_class(plan: Plan, shards: ShardSet) -> Iterator[tuple[GeneratorClass, ShardSet]]:
    for name in CLASSES:
        generators = (one.name for one in plan.generators if one.generator_class == name)
        yield name, shards.only(generators)


def _waves(
    plan_hash: str, history: History, groups: Iterable[tuple[_Kind, Iterable[Shard]]]
) -> list[Wave]:
    """The next waves, numbered after those of the history, as far as there are numbers."""
    waves: list[Wave] = []
    for kind, shards in groups:
        for chunk in chunks(list(shards)):
            number = len(history.waves) + len(waves)
            if number >= MAX_WAVES:
                return waves
            waves.append(
                Wave(
                    plan=plan_hash,
                    run=history.run,
                    wave=number,
                    generator_class=kind.generator_class,
                    attempt=kind.attempt,
                    uncharged=kind.uncharged,
                    memory_bytes=kind.memory_bytes,
                    allow_failed_samples=kind.allow_failed_samples,
                    repair=kind.repair,
                    request=kind.request,
                    spans=to_spans(chunk),
                )
            )
    return waves


def _allowance(
    history: History,
    attempt: int,
    policy: FailurePolicy,
    *,
    uncharged: int = 0,
    repair: bool = False,
) -> int:
    """Samples that a shard may drop: none while another attempt follows.

    The attempt that committed a damaged shard may have dropped some, so a repair may, too.
    """
    last = repair or history.is_last(attempt, policy, uncharged=uncharged)
    return policy.max_failed_samples if last else 0
