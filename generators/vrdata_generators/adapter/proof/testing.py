"""Test generators: make a few samples as a run would, and say what they cost and lack."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from vrdata.errors import InvalidInputError, VrdataError
from vrdata.plan.catalogue import CatalogueEntry
from vrdata.plan.seeds import block_seed
from vrdata_generators.adapter.environment.build import EnvironmentMaker
from vrdata_generators.adapter.home import launch_for
from vrdata_generators.adapter.preparing import prepare
from vrdata_generators.adapter.proof.facts import BLOCK_SIZE, launch_of_prepared
from vrdata_generators.adapter.proof.outcomes import BrokenGeneratorError, Trial
from vrdata_generators.adapter.proof.trial import run_trial
from vrdata_generators.adapter.source.finding import Found, find_generators
from vrdata_generators.adapter.source.naming import name_from
from vrdata_worker.child.template import Launch


@dataclass(frozen=True, slots=True)
class Target:
    """A generator to test, ready to be started.

    Attributes:
        otherwise: how to start it when `launch` cannot import it; None when its mode is known.
    """

    name: str
    launch: Launch
    block_size: int
    otherwise: Launch | None = None


@dataclass(frozen=True, slots=True)
class Tested:
    """What testing one generator showed.

    Attributes:
        asked: samples that were wanted.
        made: samples that passed validation.
        problems: what failed, the first first; empty when the generator passed.
        seconds_per_sample: CPU seconds of its child.
        log: the end of what it printed.
        traceback: of its first exception, or "".
    """

    name: str
    asked: int
    made: int
    problems: tuple[str, ...]
    seconds_per_sample: float
    peak_memory_bytes: int
    bytes_per_sample: int
    log: str
    traceback: str = ""

    @property
    def passed(self) -> bool:
        """True when every wanted sample was made and valid."""
        return not self.problems and self.made == self.asked


def target_of(entry: CatalogueEntry, catalogue: Path) -> Target:
    """A catalogue entry as a target, run exactly as in a run."""
    return Target(entry.name, launch_for(entry, catalogue, "h264"), entry.block_size)


def targets_in(
    folder: Path, staging: Path, maker: EnvironmentMaker, say: Callable[[str], None]
) -> tuple[Target, ...]:
    """The generators of a folder that need not be added, prepared below `staging`.

    Raises:
        NotFoundError: there is no such folder.
        InvalidInputError: it holds no generator, or one that cannot be prepared.
    """
    folder = folder.expanduser().absolute()
    targets = []
    for found in find_generators(folder):
        place = Path(tempfile.mkdtemp(dir=staging))
        targets.append(_prepared(found, place, maker, say))
    return tuple(targets)


def _prepared(
    found: Found, place: Path, maker: EnvironmentMaker, say: Callable[[str], None]
) -> Target:
    name = name_from(found.root.name)
    launch = launch_of_prepared(name, prepare(found, place, maker, say))
    stream, bare = replace(launch, mode="stream"), replace(launch, mode="bare")
    return Target(name, stream, BLOCK_SIZE, otherwise=bare)


def run_test(
    target: Target, staging: Path, *, samples: int, seed: int, keep: Path | None = None
) -> Tested:
    """Make the first samples of a generator, with the block seeds of a run.

    Args:
        target: the generator.
        staging: an existing private folder.
        samples: how many, from the first block on.
        seed: the run seed.
        keep: folder for the samples, one sub-folder each; made here.

    Raises:
        InvalidInputError: `keep` holds samples already.
    """
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        if any(keep.iterdir()):
            raise InvalidInputError(
                f"{keep} is not empty", fix="name another folder: --output-dir DIR"
            )
    try:
        return _tested(target, staging, samples, seed, keep)
    except BrokenGeneratorError as error:
        if target.otherwise is not None:
            again = replace(target, launch=target.otherwise, otherwise=None)
            return run_test(again, staging, samples=samples, seed=seed, keep=keep)
        why, _, traceback = str(error).partition("\n")
        return _failed(target.name, samples, why, traceback)
    except VrdataError as error:
        return _failed(target.name, samples, str(error))


def _tested(target: Target, staging: Path, samples: int, seed: int, keep: Path | None) -> Tested:
    trials: list[Trial] = []
    for block in range(-(-samples // target.block_size)):
        want = min(target.block_size, samples - block * target.block_size)
        trials.append(
            run_trial(
                target.launch,
                staging,
                seed=block_seed(seed, target.name, block),
                block=block,
                count=target.block_size,
                want=want,
                keep=keep,
            )
        )
        if trials[-1].error:
            break
    return _summary(target, samples, trials)


def _failed(name: str, asked: int, why: str, traceback: str = "") -> Tested:
    return Tested(name, asked, 0, (why,), 0.0, 0, 0, "", traceback)


def _summary(target: Target, asked: int, trials: list[Trial]) -> Tested:
    samples = [sample for trial in trials for sample in trial.samples.values()]
    invalid = [reason for trial in trials for reason in trial.invalid]
    errors = [trial.error for trial in trials if trial.error]
    tried = max(1, len(samples) + len(invalid))
    return Tested(
        name=target.name,
        asked=asked,
        made=len(samples),
        problems=(*errors, *invalid),
        seconds_per_sample=round(sum(trial.seconds for trial in trials) / tried, 4),
        peak_memory_bytes=max((trial.peak_memory_bytes for trial in trials), default=0),
        bytes_per_sample=sum(sample.bytes for sample in samples) // max(1, len(samples)),
        log=trials[-1].log if trials else "",
        traceback=next((trial.traceback for trial in trials if trial.traceback), ""),
    )
