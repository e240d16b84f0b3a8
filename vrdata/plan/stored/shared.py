"""Samples that two runs both generate: the same seed, generator and index range. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from vrdata.model import Model
from vrdata.plan.planned import Plan
from vrdata.text import count

MAX_RUNS = 5  # runs that are described
MAX_GENERATORS = 5  # generators that are named for each


class SharedRange(Model):
    """The samples `[start, stop)` of a generator that another run generates, too.

    Attributes:
        run: where the other run is stored, below the root: `{namespace}/{prefix}/{name}`.
        seed: the seed of both runs.
        free: the first index after all samples of the other run.
    """

    run: str
    seed: int
    generator: str
    start: int
    stop: int
    free: int


def shared_ranges(plan: Plan, other: Plan, run: str) -> Iterator[SharedRange]:
    """What `plan` shares with `other`, in plan order; nothing when their seeds differ.

    Args:
        plan: the run that is planned.
        other: a stored run's plan.
        run: what to call the other run.
    """
    if plan.seed != other.seed:
        return
    stored = {planned.name: planned for planned in other.generators}
    for wanted in plan.generators:
        found = stored.get(wanted.name)
        if found is None:
            continue
        start, stop = max(wanted.start, found.start), min(wanted.stop, found.stop)
        if start < stop:
            yield SharedRange(
                run=run,
                seed=plan.seed,
                generator=wanted.name,
                start=start,
                stop=stop,
                free=found.stop,
            )


def describe_shared(shared: Iterable[SharedRange]) -> list[str]:
    """One note for each of the first MAX_RUNS other runs: what is shared, and what to do."""
    by_run: dict[str, list[SharedRange]] = {}
    for one in shared:
        by_run.setdefault(one.run, []).append(one)
    notes = [_note(run, ranges) for run, ranges in list(by_run.items())[:MAX_RUNS]]
    if len(by_run) > MAX_RUNS:
        notes.append(f"{count(len(by_run) - MAX_RUNS, 'more run')} with some of these samples")
    return notes


def _note(run: str, ranges: list[SharedRange]) -> str:
    named = [f"{one.generator} {one.start}-{one.stop - 1}" for one in ranges[:MAX_GENERATORS]]
    more = len(ranges) - len(named)
    samples = ", ".join(named) + (f" and of {count(more, 'more generator')}" if more else "")
    free = max(one.free for one in ranges)
    return (
        f"run {run} has the same seed ({ranges[0].seed}) and already generates samples {samples}; "
        f"to extend it, set start to {free}; for independent samples, use another spec.seed"
    )
