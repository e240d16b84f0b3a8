"""Assess a generator: how it will run, what it costs, and whether it is deterministic."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from vrdata.contract.refusals import lines, most
from vrdata.errors import InvalidInputError
from vrdata.hermetic import Hermetic
from vrdata.model import Model
from vrdata.plan.catalogue import Acceleration, Measured
from vrdata.plan.pipelines import Pipeline
from vrdata.text import count
from vrdata_generators.adapter.prepare import Prepared
from vrdata_generators.adapter.proof.prove import (
    Mode,
    Proof,
    RunBlock,
    notes_of,
    prove,
    try_once,
)
from vrdata_generators.adapter.proof.results import BrokenGeneratorError, TrialResult
from vrdata_generators.adapter.proof.trial import run_trial, started
from vrdata_worker.child.launch import Launch
from vrdata_worker.scratch import default_root, scratch_folder

BLOCK_SIZE = 10
TRIAL_SEED = 42
TRIAL_SAMPLES_UNPROVEN = 2


class Assessment(Model):
    """What the trials of a generator showed; stored by digest, so that they run once."""

    mode: Mode
    acceleration: Acceleration
    deterministic: bool | None
    sequential: bool = False
    domain: str
    measured: Measured | None = None
    notes: tuple[str, ...] = ()
    hermetic: Hermetic | None = None
    warnings: tuple[str, ...] = ()
    pipeline: Pipeline | None = None


def assess(name: str, prepared: Prepared, *, proof: bool) -> Assessment:
    """Run the trials of a prepared generator.

    Args:
        name: the generator's name.
        prepared: the generator.
        proof: generate a block in several ways; otherwise part of a block, once.

    Raises:
        InvalidInputError: it gives no usable block.
    """
    if prepared.kind == "converter":
        return _of_converter(name, prepared)
    trials: list[TrialResult] = []
    run = _runner(name, prepared, trials, proof=proof)
    return _assessment(prove(run) if proof else try_once(run), trials)


def _of_converter(name: str, prepared: Prepared) -> Assessment:
    """Import it: without a source, there is nothing to convert."""
    try:
        with (
            scratch_folder(default_root()) as folder,
            started(launch_of_prepared(name, prepared), folder) as template,
        ):
            hermetic = template.hermetic
    except BrokenGeneratorError as error:
        raise InvalidInputError(
            "the converter cannot be imported", why=str(error), fix="fix it, then add it again"
        ) from None
    return Assessment(
        mode="stream",
        acceleration=Acceleration(enabled=False, reason="uses the fast encoders directly"),
        deterministic=None,
        sequential=True,
        domain="",
        hermetic=hermetic,
        warnings=(f"no item was converted; do so: vrdata generators test {name} --source URL",),
    )


def launch_of_prepared(name: str, prepared: Prepared) -> Launch:
    """How to start a prepared generator: mode `whole`, not accelerated, videos as H.264."""
    return Launch(
        name=name,
        kind=prepared.kind,
        root=str(prepared.root),
        python=str(prepared.python or ""),
        mode="whole",
        flags=prepared.flags.flags,
        video="h264",
        accelerate=False,
        sequential=True,  # a trial stores nothing, so it reports every finished sample
        rows=prepared.rows,
    )


def _runner(name: str, prepared: Prepared, trials: list[TrialResult], *, proof: bool) -> RunBlock:
    launch = launch_of_prepared(name, prepared)
    want = BLOCK_SIZE if proof else TRIAL_SAMPLES_UNPROVEN

    def run(mode: Mode, accelerate: bool) -> TrialResult:
        chosen = replace(launch, mode=mode, accelerate=accelerate)
        trials.append(run_trial(chosen, seed=TRIAL_SEED, count=BLOCK_SIZE, want=want))
        return trials[-1]

    return run


def _assessment(proof: Proof, trials: Sequence[TrialResult]) -> Assessment:
    trial = proof.trial
    samples = list(trial.samples.values())
    return Assessment(
        # A script that keeps what it generates, or writes its samples itself, does not stream.
        mode="whole" if proof.mode == "stream" and not trial.streamed else proof.mode,
        acceleration=proof.acceleration,
        deterministic=proof.deterministic,
        sequential=all(one.sequential for one in trials),
        domain=samples[0].domain,
        measured=measured(trial),
        notes=notes_of(trial),
        hermetic=trial.hermetic,
        warnings=(*proof.warnings, *refused(trials), *beside(trials)),
    )


def measured(trial: TrialResult) -> Measured:
    """What a sample costs, from a trial with at least one."""
    samples = list(trial.samples.values())
    generated = len(samples) + len(trial.invalid)
    return Measured(
        seconds_per_sample=max(round(trial.seconds / generated, 4), 0.0001),
        peak_memory_bytes=trial.peak_memory_bytes,
        bytes_per_sample=max(1, sum(sample.bytes for sample in samples) // len(samples)),
    )


def refused(trials: Sequence[TrialResult]) -> Iterator[str]:
    """A warning about each refused attempt; the block was generated without it."""
    found = most(refusal for trial in trials for refusal in trial.refused)
    yield from lines(found)
    if any(refusal.of_network for refusal in found):
        yield "its samples must not depend on the network: generators have no network"


def beside(trials: Sequence[TrialResult]) -> tuple[str, ...]:
    """A warning about files that belong to no sample."""
    most = max(trials, key=lambda trial: trial.beside)
    if not most.beside:
        return ()
    names = ", ".join(most.examples) + (", …" if most.beside > len(most.examples) else "")
    if most.beside == 1:
        return (f"1 file beside the sample folders is not stored: {names}",)
    files = count(most.beside, "file")
    return (f"{files} beside the sample folders are not stored: {names}",)
