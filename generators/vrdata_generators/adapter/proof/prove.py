"""Prove the fastest correct way to run a generator, from one block generated in several ways. Pure.

The reference is the plainest way: without acceleration, with the repository's own dataset loop.
A faster way must give the same samples: equal decoded images, video frames and texts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from vrdata.errors import InvalidInputError
from vrdata.plan.catalogue import Acceleration
from vrdata_generators.adapter.proof.results import BrokenGeneratorError, TrialResult

Mode = Literal["stream", "whole", "bare"]
RunBlock = Callable[[Mode, bool], TrialResult]

NOT_PROVEN = Acceleration(enabled=False, reason="not proven: added with --no-proof")


@dataclass(frozen=True, slots=True)
class Proof:
    """How a generator will run, and what the trials showed.

    Attributes:
        deterministic: None when it was not tested.
        trial: the block generated the way that the generator will run.
    """

    mode: Mode
    acceleration: Acceleration
    deterministic: bool | None
    trial: TrialResult
    warnings: tuple[str, ...] = ()


def try_once(run: RunBlock) -> Proof:
    """Find a mode that works, without a proof: acceleration stays off.

    Raises:
        InvalidInputError: the generator gives no usable block.
    """
    mode, trial = _first_working(run, ("stream", "bare"))
    return Proof(mode, NOT_PROVEN, None, trial, _warnings(trial))


def prove(run: RunBlock) -> Proof:
    """Find the fastest way that gives the same block as the reference.

    Args:
        run: generates the block (same seed and size) in the given mode, accelerated or not.

    Raises:
        InvalidInputError: the generator gives no usable block.
    """
    plain, reference = _first_working(run, ("whole", "bare"))
    fast: Mode = "stream" if plain == "whole" else plain
    accelerated = _attempt(run, fast, accelerate=True)
    if _equal(accelerated, reference):
        return _proven(fast, accelerated)
    streamed = _attempt(run, fast, accelerate=False) if fast != plain else None
    if streamed is not None and _equal(streamed, reference):
        return _plain(fast, streamed, reference, accelerated)
    repeated = run(plain, False)
    if not _equal(repeated, reference):
        return _nondeterministic(fast, streamed, plain, reference, repeated)
    if streamed is not None:
        accelerated = _attempt(run, plain, accelerate=True)
        if _equal(accelerated, reference):
            return _proven(plain, accelerated)
    return _plain(plain, reference, reference, accelerated)


def _equal(trial: TrialResult, reference: TrialResult) -> bool:
    return not trial.error and trial.same_content(reference)


def _proven(mode: Mode, trial: TrialResult) -> Proof:
    videos = sum(bool(sample.frames) for sample in trial.samples.values())
    reason = (
        f"equal pixels, texts and video frames in {len(trial.samples)} samples "
        f"({videos} with video), with and without acceleration"
    )
    return Proof(mode, Acceleration(enabled=True, reason=reason), True, trial, _warnings(trial))


def _plain(
    mode: Mode, trial: TrialResult, reference: TrialResult, accelerated: TrialResult
) -> Proof:
    if accelerated.error:
        reason = f"the accelerated block failed: {accelerated.error.splitlines()[0]}"
    else:
        reason = f"acceleration changes the content: {difference(reference, accelerated)}"
    return Proof(mode, Acceleration(enabled=False, reason=reason), True, trial, _warnings(trial))


def _nondeterministic(
    fast: Mode,
    streamed: TrialResult | None,
    plain: Mode,
    reference: TrialResult,
    repeated: TrialResult,
) -> Proof:
    complete = (
        streamed is not None
        and not streamed.error
        and streamed.samples.keys() == reference.samples.keys()
    )
    warning = (
        "the same seed gave another block the second time "
        f"({difference(reference, repeated)}), so only a run that allows nondeterminism can use it"
    )
    return Proof(
        fast if complete else plain,
        Acceleration(enabled=False, reason="cannot be proven: the generator is not deterministic"),
        False,
        streamed if streamed is not None and complete else reference,
        (warning, *_warnings(reference)),
    )


def _first_working(run: RunBlock, modes: tuple[Mode, ...]) -> tuple[Mode, TrialResult]:
    broken = ""
    for mode in modes:
        try:
            trial = run(mode, False)
        except BrokenGeneratorError as error:
            broken = str(error)
            continue
        if trial.error or not trial.samples:
            raise _unusable(trial)
        return mode, trial
    raise InvalidInputError(
        "the generator cannot be imported", why=broken, fix="fix it, then add it again"
    )


def _attempt(run: RunBlock, mode: Mode, *, accelerate: bool) -> TrialResult:
    try:
        return run(mode, accelerate)
    except BrokenGeneratorError as error:
        return TrialResult({}, (), str(error) or "the generator cannot be imported", "", 0.0, 0)


def _unusable(trial: TrialResult) -> InvalidInputError:
    why = trial.error or (trial.invalid[0] if trial.invalid else "it generated no sample")
    tail = "\n".join(trial.log.splitlines()[-8:])
    return InvalidInputError(
        "the generator gives no usable block",
        why=f"{why}\n{tail}" if tail and tail not in why else why,
        fix="see its output with `vrdata generators test FOLDER -v`",
    )


def _warnings(trial: TrialResult) -> tuple[str, ...]:
    if not trial.invalid:
        return ()
    return (f"{len(trial.invalid)} samples of the block are invalid: {trial.invalid[0]}",)


def difference(first: TrialResult, second: TrialResult) -> str:
    """The first difference between two blocks, as a phrase."""
    if first.samples.keys() != second.samples.keys():
        return f"{len(first.samples)} and {len(second.samples)} samples"
    for position in sorted(first.samples):
        one, two = first.samples[position], second.samples[position]
        if one.same_content(two):
            continue
        if one.files.keys() != two.files.keys():
            return f"{one.id}: different files"
        for name in sorted(one.pixels):
            if one.pixels[name] != two.pixels[name]:
                return f"{one.id}: pixels of {name}"
        if one.frames != two.frames:
            return f"{one.id}: frames of {one.video}"
        names = [name for name in sorted(one.files) if one.files[name] != two.files[name]]
        return f"{one.id}: {', '.join(names) or 'its name'}"
    return "no difference"
