"""How a generator can be run, proven by making one block in several ways. Pure.

The plainest way is the reference: no acceleration, the repository's own dataset loop. Every
faster way must make the same samples: equal decoded images, video frames and texts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from vrdata.errors import InvalidInputError
from vrdata.plan.catalogue import Acceleration
from vrdata_generators.adapter.proof.outcomes import BrokenGeneratorError, Trial

Mode = Literal["stream", "whole", "bare"]
MakeBlock = Callable[[Mode, bool], Trial]

NOT_PROVEN = Acceleration(enabled=False, reason="not proven: added without a proof")


@dataclass(frozen=True, slots=True)
class Proof:
    """What was found out about a generator.

    Attributes:
        deterministic: None when it was not tried.
        trial: the block made the way the generator will be run.
    """

    mode: Mode
    acceleration: Acceleration
    deterministic: bool | None
    trial: Trial
    warnings: tuple[str, ...] = ()


def try_once(make: MakeBlock) -> Proof:
    """The mode that works, without any proof: acceleration stays off.

    Raises:
        InvalidInputError: the generator makes no usable block.
    """
    mode, trial = _first_working(make, ("stream", "bare"))
    return Proof(mode, NOT_PROVEN, None, trial, _warnings(trial))


def prove(make: MakeBlock) -> Proof:
    """Find the fastest way that makes the same block as the reference.

    Args:
        make: makes the same block (same seed and size) in the given mode, accelerated or not.

    Raises:
        InvalidInputError: the generator makes no usable block.
    """
    plain, reference = _first_working(make, ("whole", "bare"))
    fast: Mode = "stream" if plain == "whole" else plain
    accelerated = _attempt(make, fast, accelerate=True)
    if _equal(accelerated, reference):
        return _proven(fast, accelerated)
    streamed = _attempt(make, fast, accelerate=False) if fast != plain else None
    if streamed is not None and _equal(streamed, reference):
        return _plain(fast, streamed, reference, accelerated)
    repeated = make(plain, False)
    if not _equal(repeated, reference):
        return _nondeterministic(fast, streamed, plain, reference, repeated)
    if streamed is not None:
        accelerated = _attempt(make, plain, accelerate=True)
        if _equal(accelerated, reference):
            return _proven(plain, accelerated)
    return _plain(plain, reference, reference, accelerated)


def _equal(trial: Trial, reference: Trial) -> bool:
    return not trial.error and trial.same_content(reference)


def _proven(mode: Mode, trial: Trial) -> Proof:
    videos = sum(bool(sample.frames) for sample in trial.samples.values())
    reason = (
        f"equal pixels, texts and video frames in {len(trial.samples)} samples "
        f"({videos} with video) made both ways"
    )
    return Proof(mode, Acceleration(enabled=True, reason=reason), True, trial, _warnings(trial))


def _plain(mode: Mode, trial: Trial, reference: Trial, accelerated: Trial) -> Proof:
    if accelerated.error:
        reason = f"an accelerated block failed: {accelerated.error.splitlines()[0]}"
    else:
        reason = f"other content when accelerated: {difference(reference, accelerated)}"
    return Proof(mode, Acceleration(enabled=False, reason=reason), True, trial, _warnings(trial))


def _nondeterministic(
    fast: Mode, streamed: Trial | None, plain: Mode, reference: Trial, repeated: Trial
) -> Proof:
    complete = (
        streamed is not None
        and not streamed.error
        and streamed.samples.keys() == reference.samples.keys()
    )
    warning = (
        "the same seed made another block the second time "
        f"({difference(reference, repeated)}); a run must allow nondeterminism to use it"
    )
    return Proof(
        fast if complete else plain,
        Acceleration(enabled=False, reason="cannot be proven: the generator is not deterministic"),
        False,
        streamed if streamed is not None and complete else reference,
        (warning, *_warnings(reference)),
    )


def _first_working(make: MakeBlock, modes: tuple[Mode, ...]) -> tuple[Mode, Trial]:
    broken = ""
    for mode in modes:
        try:
            trial = make(mode, False)
        except BrokenGeneratorError as error:
            broken = str(error)
            continue
        if trial.error or not trial.samples:
            raise _unusable(trial)
        return mode, trial
    raise InvalidInputError(
        "the generator cannot be imported", why=broken, fix="correct it, then add it again"
    )


def _attempt(make: MakeBlock, mode: Mode, *, accelerate: bool) -> Trial:
    try:
        return make(mode, accelerate)
    except BrokenGeneratorError as error:
        return Trial({}, (), str(error) or "it cannot be imported", "", 0.0, 0)


def _unusable(trial: Trial) -> InvalidInputError:
    why = trial.error or (trial.invalid[0] if trial.invalid else "it made no sample")
    tail = "\n".join(trial.log.splitlines()[-8:])
    return InvalidInputError(
        "the generator makes no usable block",
        why=f"{why}\n{tail}" if tail and tail not in why else why,
        fix="see what it prints: `vrdata generators test FOLDER -v`",
    )


def _warnings(trial: Trial) -> tuple[str, ...]:
    if not trial.invalid:
        return ()
    return (f"{len(trial.invalid)} samples of the block cannot be used: {trial.invalid[0]}",)


def difference(first: Trial, second: Trial) -> str:
    """The first difference of two blocks, in words."""
    if first.samples.keys() != second.samples.keys():
        return f"{len(first.samples)} and {len(second.samples)} samples"
    for position in sorted(first.samples):
        one, two = first.samples[position], second.samples[position]
        if one.same_content(two):
            continue
        if one.files.keys() != two.files.keys():
            return f"{one.id}: other files"
        for name in sorted(one.pixels):
            if one.pixels[name] != two.pixels[name]:
                return f"{one.id}: pixels of {name}"
        if one.frames != two.frames:
            return f"{one.id}: frames of {one.video}"
        names = [name for name in sorted(one.files) if one.files[name] != two.files[name]]
        return f"{one.id}: {', '.join(names) or 'its name'}"
    return "no difference"
