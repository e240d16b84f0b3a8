"""Generate a few samples as a run would, to see what they cost and what fails."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from vrdata.contract.refusals import Refusal, total
from vrdata.errors import InvalidInputError, VrdataError
from vrdata.hermetic import Hermetic
from vrdata.plan.catalogue import CatalogueEntry
from vrdata.plan.seeds import block_seed
from vrdata_generators.adapter.environment.venv import EnvironmentBuilder
from vrdata_generators.adapter.home import launch_for
from vrdata_generators.adapter.pipeline.data import PipelineData, staged
from vrdata_generators.adapter.prepare import prepare
from vrdata_generators.adapter.proof.assessment import BLOCK_SIZE, launch_of_prepared
from vrdata_generators.adapter.proof.items import TrialItems
from vrdata_generators.adapter.proof.results import BrokenGeneratorError, TrialResult
from vrdata_generators.adapter.proof.trial import run_trial
from vrdata_generators.adapter.source.detect import GeneratorFolder, find_generators
from vrdata_generators.adapter.source.naming import name_from
from vrdata_generators.adapter.source.placeholders import (
    explained,
    find_placeholders,
    missing_content,
)
from vrdata_worker.child.launch import Launch


@dataclass(frozen=True, slots=True)
class SamplingTarget:
    """A generator that is ready to be started.

    Attributes:
        fallback: how to start it when `launch` cannot import it; None when its mode is known.
    """

    name: str
    launch: Launch
    block_size: int
    fallback: Launch | None = None


@dataclass(frozen=True, slots=True)
class SamplingResult:
    """The samples of one generator, counted and measured.

    Attributes:
        requested: number of samples requested.
        valid: number of samples that passed validation.
        problems: what failed, in order; empty when the generator passed.
        seconds_per_sample: CPU seconds of its child.
        log: the end of its output.
        traceback: of its first exception, or "".
        refused: what it tried and the sandbox refused.
        hermetic: how far the kernel sandboxed it; None = it did not start.
        seen: of a converter, what each item became: `KEY: …`.
    """

    name: str
    requested: int
    valid: int
    problems: tuple[str, ...]
    seconds_per_sample: float
    peak_memory_bytes: int
    bytes_per_sample: int
    log: str
    traceback: str = ""
    refused: tuple[Refusal, ...] = ()
    hermetic: Hermetic | None = None
    seen: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """True when every requested sample was generated and is valid."""
        return not self.problems and self.valid == self.requested


def target_of(entry: CatalogueEntry, catalogue: Path) -> SamplingTarget:
    """The generator of a catalogue entry, started exactly as in a run."""
    return SamplingTarget(entry.name, launch_for(entry, catalogue, "h264"), entry.block_size)


def targets_in(
    folder: Path, staging: Path, environments: EnvironmentBuilder, say: Callable[[str], None]
) -> tuple[SamplingTarget, ...]:
    """The generators of a folder, added or not, prepared in `staging`.

    Raises:
        NotFoundError: there is no such folder.
        InvalidInputError: it contains no generator, or one that cannot be prepared.
    """
    folder = folder.expanduser().absolute()
    targets = []
    for found in find_generators(folder):
        place = Path(tempfile.mkdtemp(dir=staging))
        targets.append(_prepared(found, place, environments, say))
    return tuple(targets)


def _prepared(
    found: GeneratorFolder,
    place: Path,
    environments: EnvironmentBuilder,
    say: Callable[[str], None],
) -> SamplingTarget:
    name = name_from(found.root.name)
    placeholders = find_placeholders(found.root)
    try:
        prepared = prepare(found, place, environments, say)
    except VrdataError as error:
        raise explained(error, placeholders) from None
    about = (missing_content(placeholders),) if placeholders else ()
    for warning in (*about, *prepared.warnings):
        say(f"{name}: warning: {warning}")
    launch = launch_of_prepared(name, prepared)
    stream, bare = replace(launch, mode="stream"), replace(launch, mode="bare")
    return SamplingTarget(name, stream, BLOCK_SIZE, fallback=bare)


@dataclass(frozen=True, slots=True)
class TrialSource:
    """What a converter converts, and its options, each `name=value`."""

    items: TrialItems
    options: tuple[str, ...] = ()


def run_sampling(
    target: SamplingTarget,
    *,
    samples: int,
    seed: int,
    keep: Path | None = None,
    source: TrialSource | None = None,
) -> SamplingResult:
    """Generate the first samples of a generator, with the block seeds of a run.

    Args:
        target: the generator.
        samples: how many, starting with the first block.
        seed: the run seed.
        keep: folder for the samples, as `{domain}_task/{id}/`; created if missing.
        source: of a converter; it gives at most as many samples as it has items.

    Raises:
        InvalidInputError: `keep` is not empty.
    """
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        if any(keep.iterdir()):
            raise InvalidInputError(
                f"{keep} is not empty", fix="name another folder with --output-dir DIR"
            )
    if source is not None:
        samples = min(samples, source.items.count)
    try:
        with _with_sources(target, samples) as (ready, data):
            return _sampled(ready, samples, seed, keep, source, data)
    except BrokenGeneratorError as error:
        if target.fallback is not None:
            again = replace(target, launch=target.fallback, fallback=None)
            return run_sampling(again, samples=samples, seed=seed, keep=keep, source=source)
        why, _, traceback = str(error).partition("\n")
        return _failed(target.name, samples, why, traceback)
    except VrdataError as error:
        return _failed(target.name, samples, str(error))


@contextmanager
def _with_sources(
    target: SamplingTarget, samples: int
) -> Iterator[tuple[SamplingTarget, PipelineData | None]]:
    """The target with its sources, if it is a pipeline."""
    pipeline = target.launch.pipeline
    if pipeline is None:
        yield target, None
        return
    with staged(target.name, pipeline) as data:
        launch = replace(target.launch, items=str(data.folder), samples=samples)
        yield replace(target, launch=launch), data


def _sampled(  # noqa: PLR0913 - the options of the command
    target: SamplingTarget,
    samples: int,
    seed: int,
    keep: Path | None,
    source: TrialSource | None,
    data: PipelineData | None,
) -> SamplingResult:
    trials: list[TrialResult] = []
    for block in range(-(-samples // target.block_size)):
        want = min(target.block_size, samples - block * target.block_size)
        trials.append(
            run_trial(
                target.launch,
                seed=block_seed(seed, target.name, block),
                block=block,
                count=target.block_size,
                want=want,
                keep=keep,
                items=source.items if source else None,
                options=source.options if source else (),
                data=data,
            )
        )
        if trials[-1].error:
            break
    return _summary(target, samples, trials)


def _failed(name: str, requested: int, why: str, traceback: str = "") -> SamplingResult:
    return SamplingResult(name, requested, 0, (why,), 0.0, 0, 0, "", traceback)


def _summary(target: SamplingTarget, requested: int, trials: list[TrialResult]) -> SamplingResult:
    samples = [sample for trial in trials for sample in trial.samples.values()]
    invalid = [reason for trial in trials for reason in trial.invalid]
    errors = [trial.error for trial in trials if trial.error]
    tried = max(1, len(samples) + len(invalid))
    return SamplingResult(
        name=target.name,
        requested=requested,
        valid=len(samples),
        problems=(*errors, *invalid),
        seconds_per_sample=round(sum(trial.seconds for trial in trials) / tried, 4),
        peak_memory_bytes=max((trial.peak_memory_bytes for trial in trials), default=0),
        bytes_per_sample=sum(sample.bytes for sample in samples) // max(1, len(samples)),
        log=trials[-1].log if trials else "",
        traceback=next((trial.traceback for trial in trials if trial.traceback), ""),
        refused=total(refusal for trial in trials for refusal in trial.refused),
        hermetic=trials[-1].hermetic if trials else None,
        seen=tuple(sample.seen for sample in samples if sample.seen),
    )
