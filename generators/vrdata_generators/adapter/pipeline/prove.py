"""Prove that slices of a pipeline's walk give the bytes of the whole walk. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from vrdata.plan.pipelines import Step
from vrdata.text import count as count_of
from vrdata_generators.adapter.proof.prove import difference
from vrdata_generators.adapter.proof.results import TrialResult

RunSlice = Callable[[Step, range], TrialResult]


@dataclass(frozen=True, slots=True)
class Slices:
    """What the trials have shown.

    Attributes:
        step: reports each sample when it is written; None = there is none.
        whole: why the walk cannot be sliced; "" = it can.
        trial: of the whole walk.
    """

    step: Step | None
    whole: str
    trial: TrialResult


def prove_slices(
    steps: tuple[Step, ...], reference: TrialResult, items: int, run: RunSlice
) -> Slices:
    """Try each candidate: the whole walk with it, samples alone, and two halves.

    Args:
        steps: candidates, the best one first.
        reference: the whole walk without a step, which does not tell which items it skips.
        items: most items of the walk.
        run: generates the samples of a slice.
    """
    best = Slices(None, "no function is called once for each sample", reference)
    for step in steps:
        complete = run(step, range(items))
        if complete.error or not _begins(complete, reference):
            continue
        why = next(_problems(step, complete, run), "")
        if not why:
            return Slices(step, "", complete)
        if best.step is None:
            best = Slices(step, f"{step.name}: {why}", complete)
    return best


def _begins(one: TrialResult, other: TrialResult) -> bool:
    """Whether the samples of a walk are those that another one begins with.

    A script that counts successes converts more items if it skips some: those were not asked for.
    """
    ours, theirs = (
        [result.samples[at] for at in sorted(result.samples)] for result in (one, other)
    )
    later = len(theirs) - len(ours)
    return (
        bool(ours)
        and 0 <= later <= len(one.invalid)
        and all(sample.same_files(same) for sample, same in zip(ours, theirs, strict=False))
    )


def _problems(step: Step, complete: TrialResult, run: RunSlice) -> Iterator[str]:
    """Why the slices of a step do not give the samples of the whole walk."""
    good = sorted(complete.samples)
    count = good[-1] + 1
    alone = [range(one, one + 1) for one in sorted({good[0], good[len(good) // 2], good[-1]})]
    halves = [range(count // 2), range(count // 2, count)]
    for slice_ in (*alone, *(half for half in halves if half)):
        found = run(step, slice_)
        wanted = {
            at - slice_.start: complete.samples[at] for at in slice_ if at in complete.samples
        }
        what = _named(slice_)
        if found.error:
            yield f"{what}: {found.error.splitlines()[0]}"
        elif found.samples.keys() != wanted.keys():
            yield f"{what}: {len(found.samples)} of {count_of(len(wanted), 'sample')}"
        elif not found.same_files(expected := TrialResult(wanted, (), "", "", 0.0, 0)):
            yield f"{what}: {difference(expected, found)}"


def _named(slice_: range) -> str:
    if len(slice_) == 1:
        return f"sample {slice_.start} generated alone"
    return f"samples {slice_.start} to {slice_.stop - 1} generated without the others"
