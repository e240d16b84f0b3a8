"""What trying a generator shows: how it runs, what it costs, and whether it is deterministic."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from vrdata.model import Model
from vrdata.plan.catalogue import Acceleration, Measured
from vrdata_generators.adapter.preparing import Prepared
from vrdata_generators.adapter.proof.compare import MakeBlock, Mode, Proof, prove, try_once
from vrdata_generators.adapter.proof.outcomes import Trial
from vrdata_generators.adapter.proof.trial import run_trial
from vrdata_worker.child.template import Launch

BLOCK_SIZE = 10
TRIAL_SEED = 42
TRIAL_SAMPLES_UNPROVEN = 2


class Facts(Model):
    """What trying a generator showed; kept by digest, so that it is tried once."""

    mode: Mode
    acceleration: Acceleration
    deterministic: bool | None
    domain: str
    measured: Measured
    warnings: tuple[str, ...] = ()


def find_facts(name: str, prepared: Prepared, folder: Path, *, proven: bool) -> Facts:
    """Try a prepared generator.

    Args:
        name: the generator's name.
        prepared: the generator.
        folder: an existing private folder.
        proven: make a block in several ways; else make a part of one, once.

    Raises:
        InvalidInputError: it makes no usable block.
    """
    make = _blocks(name, prepared, folder, proven=proven)
    return _facts_of(prove(make) if proven else try_once(make))


def launch_of_prepared(name: str, prepared: Prepared) -> Launch:
    """How to start a prepared generator: whole, not accelerated, videos as H.264."""
    return Launch(
        name=name,
        kind=prepared.kind,
        root=str(prepared.root),
        python=str(prepared.python or ""),
        mode="whole",
        flags=prepared.flags.flags,
        video="h264",
        accelerate=False,
    )


def _blocks(name: str, prepared: Prepared, folder: Path, *, proven: bool) -> MakeBlock:
    launch = launch_of_prepared(name, prepared)
    want = BLOCK_SIZE if proven else TRIAL_SAMPLES_UNPROVEN

    def make(mode: Mode, accelerate: bool) -> Trial:
        chosen = replace(launch, mode=mode, accelerate=accelerate)
        return run_trial(chosen, folder, seed=TRIAL_SEED, count=BLOCK_SIZE, want=want)

    return make


def _facts_of(proof: Proof) -> Facts:
    trial = proof.trial
    samples = list(trial.samples.values())
    made = len(samples) + len(trial.invalid)
    return Facts(
        mode=proof.mode,
        acceleration=proof.acceleration,
        deterministic=proof.deterministic,
        domain=samples[0].domain,
        measured=Measured(
            seconds_per_sample=max(round(trial.seconds / made, 4), 0.0001),
            peak_memory_bytes=trial.peak_memory_bytes,
            bytes_per_sample=max(1, sum(sample.bytes for sample in samples) // len(samples)),
        ),
        warnings=proof.warnings,
    )
