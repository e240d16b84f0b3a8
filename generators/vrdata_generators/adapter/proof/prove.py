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
from vrdata.text import count
from vrdata_generators.adapter.proof.results import BrokenGeneratorError, TrialResult, TrialSample

Mode = Literal["stream", "whole", "bare"]
RunBlock = Callable[[Mode, bool], TrialResult]

MAX_NOTES = 20
MAX_FIELDS = 5  # named in a message
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
    uncompared = _uncompared(reference)
    if uncompared:
        return _unproven(plain, reference, uncompared)
    fast: Mode = "stream" if plain == "whole" else plain
    accelerated = _attempt(run, fast, accelerate=True)
    if _equal(accelerated, reference):
        return _proven(fast, accelerated, reference)
    streamed = _attempt(run, fast, accelerate=False) if fast != plain else None
    if streamed is not None and _equal(streamed, reference):
        return _plain(fast, streamed, reference, accelerated)
    repeated = run(plain, False)
    if not _equal(repeated, reference):
        return _nondeterministic(fast, streamed, plain, reference, repeated)
    if streamed is not None:
        accelerated = _attempt(run, plain, accelerate=True)
        if _equal(accelerated, reference):
            return _proven(plain, accelerated, reference)
    return _plain(plain, repeated, reference, accelerated)


def _equal(trial: TrialResult, reference: TrialResult) -> bool:
    return not trial.error and trial.same_content(reference)


def _uncompared(trial: TrialResult) -> str:
    """The first video whose frames are not known, as `sample: file`, or ""."""
    return next(
        (
            f"{sample.id}: {name}"
            for sample in trial.samples.values()
            for name in sample.videos
            if name not in sample.frames
        ),
        "",
    )


def _unproven(mode: Mode, trial: TrialResult, video: str) -> Proof:
    warning = (
        f"the frames of a video cannot be compared ({video}), so only a run that allows"
        " nondeterminism can use it"
    )
    reason = f"cannot be proven: the frames of a video cannot be compared ({video})"
    return Proof(mode, Acceleration(enabled=False, reason=reason), False, trial, (warning,))


def _proven(mode: Mode, trial: TrialResult, reference: TrialResult) -> Proof:
    videos = sum(bool(sample.frames) for sample in trial.samples.values())
    reason = (
        f"equal pixels, texts and video frames in {count(len(trial.samples), 'sample')} "
        f"({videos} with video), with and without acceleration"
    )
    warnings = (*_warnings(trial), *_own_bytes(trial, reference))
    return Proof(mode, Acceleration(enabled=True, reason=reason), True, trial, warnings)


def _plain(
    mode: Mode, trial: TrialResult, reference: TrialResult, accelerated: TrialResult
) -> Proof:
    if accelerated.error:
        reason = f"the accelerated block failed: {accelerated.error.splitlines()[0]}"
    else:
        reason = f"acceleration changes the content: {difference(reference, accelerated)}"
    warnings = (*_warnings(trial), *_own_bytes(trial, reference))
    return Proof(mode, Acceleration(enabled=False, reason=reason), True, trial, warnings)


def _own_bytes(trial: TrialResult, reference: TrialResult) -> tuple[str, ...]:
    """A warning if a file that the generator encoded has other bytes with equal frames."""
    for position, sample in trial.samples.items():
        for name, digest in sample.own.items():
            if reference.samples[position].own.get(name, digest) != digest:
                warning = (
                    f"{name} has other bytes each time, with equal frames: with video: asIs, the"
                    " same run gives another dataset hash"
                )
                return (warning,)
    return ()


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
        fix=_fix(trial),
    )


def _fix(trial: TrialResult) -> str:
    """What helps; the last refused attempt is the likely cause."""
    see = "see its output with `vrdata generators test FOLDER -v`"
    if not trial.refused:
        return see
    last = trial.refused[-1]
    if last.of_network:
        return f"add its downloads to its folder, because generators have no network; {see}"
    if last.what.startswith("write "):
        return f"let it write only to its output folder or to the temporary folder; {see}"
    if last.what.startswith(("read ", "list ")):
        return f"add the file to its folder, because generators cannot read other files; {see}"
    return see


def _warnings(trial: TrialResult) -> tuple[str, ...]:
    encoded_again = {name for sample in trial.samples.values() for name in sample.own}
    notes = tuple(
        f"{note}; video: asIs keeps the file" if note.partition(":")[0] in encoded_again else note
        for note in notes_of(trial)
    )
    if not trial.invalid:
        return notes
    return (
        f"{count(len(trial.invalid), 'invalid sample')} in the block: {trial.invalid[0]}",
        *notes,
    )


def notes_of(trial: TrialResult) -> tuple[str, ...]:
    """What H.264 does not keep of the videos of a block: each note once, in order."""
    notes = dict.fromkeys(note for sample in trial.samples.values() for note in sample.notes)
    return tuple(notes)[:MAX_NOTES]


def difference(first: TrialResult, second: TrialResult) -> str:
    """The first difference between two blocks, as a phrase."""
    if first.samples.keys() != second.samples.keys():
        return f"{len(first.samples)} and {count(len(second.samples), 'sample')}"
    for position in sorted(first.samples):
        one, two = first.samples[position], second.samples[position]
        if one.same_content(two):
            continue
        if one.files.keys() != two.files.keys():
            return f"{one.id}: different files"
        for name in sorted(one.pixels):
            if one.pixels[name] != two.pixels[name]:
                return f"{one.id}: pixels of {name}"
        for name in one.videos:
            if one.frames.get(name) != two.frames.get(name):
                return f"{one.id}: frames of {name}"
        names = [name for name in sorted(one.files) if one.files[name] != two.files[name]]
        return f"{one.id}: {', '.join(names) or 'its name'}{_fields(one, two)}"
    return "no difference"


def _fields(one: TrialSample, two: TrialSample) -> str:
    """The fields of the generator's metadata that differ, as the end of a phrase."""
    union = sorted(one.fields.keys() | two.fields.keys())
    names = [name for name in union if one.fields.get(name) != two.fields.get(name)]
    if not names:
        return ""
    more = f" and {len(names) - MAX_FIELDS} more" if len(names) > MAX_FIELDS else ""
    return f", {'fields' if len(names) > 1 else 'field'} {', '.join(names[:MAX_FIELDS])}{more}"
