"""Profile a generator: generate blocks sampled, again without, and find what takes the time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib import util
from pathlib import Path

from vrdata.contract.refusals import Refusal
from vrdata.errors import UsageError, VrdataError
from vrdata.hermetic import Hermetic
from vrdata.plan.catalogue import CatalogueEntry
from vrdata_generators.adapter.profile.blocks import Blocks, differing, generate_blocks
from vrdata_generators.adapter.profile.hints import Hint, hints_for
from vrdata_generators.adapter.profile.recorded import Recorded
from vrdata_generators.adapter.profile.source import MAX_BYTES
from vrdata_generators.adapter.profile.summary import (
    LineTime,
    OwnCode,
    PartTime,
    lines_of,
    parts_of,
    placed,
)
from vrdata_generators.adapter.proof.results import BrokenGeneratorError
from vrdata_generators.adapter.proof.sampling import SamplingTarget, target_of
from vrdata_worker.child.launch import Launch
from vrdata_worker.untrusted.folders import size_of, tail_of

_BUILTIN = "vrdata_generators/builtin"


@dataclass(frozen=True, slots=True)
class ProfileTarget:
    """A generator to profile.

    Attributes:
        sampling: how it is started.
        seeded: whether the same seed gives the same samples; None = not known.
        not_accelerated: why it runs without acceleration, or "".
    """

    sampling: SamplingTarget
    seeded: bool | None = None
    not_accelerated: str = ""


@dataclass(frozen=True, slots=True)
class Output:
    """Whether the profile has changed the samples.

    Attributes:
        checked: the samples were compared with those of a block without a profile.
        equal: they are equal.
        reason: why they were not compared, or the first difference, or "".
    """

    checked: bool
    equal: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Profile:
    """Where the time of a generator goes. All seconds are CPU seconds of all its samples.

    Attributes:
        samples: number of valid samples.
        problems: what failed; then nothing else is known.
        seconds: of the blocks and of packing.
        start_seconds: until its process can generate: the interpreter and imports.
        measurements: how often the stacks were read.
        accelerated: as in a run.
    """

    name: str
    requested: int
    samples: int
    problems: tuple[str, ...] = ()
    traceback: str = ""
    log: str = ""
    refused: tuple[Refusal, ...] = ()
    hermetic: Hermetic | None = None
    accelerated: bool = False
    not_accelerated: str = ""
    seconds: float = 0.0
    start_seconds: float = 0.0
    measurements: int = 0
    parts: tuple[PartTime, ...] = ()
    lines: tuple[LineTime, ...] = ()
    hints: tuple[Hint, ...] = ()
    output: Output = Output(checked=False, equal=False)


def profile_target(entry: CatalogueEntry, catalogue: Path) -> ProfileTarget:
    """The generator of a catalogue entry, started exactly as in a run.

    Raises:
        UsageError: it is a pipeline.
    """
    if entry.pipeline is not None:
        raise UsageError(
            f"{entry.name} is a pipeline, and only generators can be profiled",
            fix=f"see what a sample costs: vrdata generators test {entry.name}",
        )
    off = entry.kind == "repository" and not entry.acceleration.enabled
    reason = entry.acceleration.reason if off else ""
    return ProfileTarget(target_of(entry, catalogue), entry.seeded, reason)


def profile_folder(target: SamplingTarget) -> ProfileTarget:
    """The generator of a folder that was not added: with acceleration, which is not proven."""
    return ProfileTarget(
        replace(
            target,
            launch=replace(target.launch, accelerate=True),
            fallback=replace(target.fallback, accelerate=True) if target.fallback else None,
        )
    )


def run_profile(target: ProfileTarget, *, samples: int, seed: int) -> Profile:
    """Profile the first samples of a generator.

    Args:
        target: the generator.
        samples: how many, with the block seeds of a run.
        seed: the run seed.
    """
    sampling = target.sampling
    launch = replace(sampling.launch, profile=True)
    empty = Profile(
        sampling.name,
        samples,
        0,
        accelerated=launch.accelerate,
        not_accelerated=target.not_accelerated,
    )
    try:
        return _profiled(target, launch, empty, seed)
    except BrokenGeneratorError as error:
        if sampling.fallback is not None:
            again = replace(sampling, launch=sampling.fallback, fallback=None)
            return run_profile(replace(target, sampling=again), samples=samples, seed=seed)
        why, _, traceback = str(error).partition("\n")
        return replace(empty, problems=(why,), traceback=traceback)
    except VrdataError as error:
        return replace(empty, problems=(str(error),))


def _profiled(target: ProfileTarget, launch: Launch, empty: Profile, seed: int) -> Profile:
    blocks = _generate(target, launch, empty.requested, seed)
    found = replace(
        empty,
        samples=blocks.samples,
        problems=tuple(filter(None, (blocks.error, *blocks.invalid))),
        traceback=blocks.traceback,
        log=blocks.log,
        refused=blocks.refused,
        hermetic=blocks.hermetic,
    )
    if found.problems or blocks.start is None:
        return found
    stacks = placed(blocks.sampled, _own_code(launch, blocks))
    parts = parts_of(stacks, blocks.sampled, blocks.packing)
    total = sum(part.seconds for part in parts)
    return replace(
        found,
        seconds=total,
        start_seconds=blocks.start.cpu_seconds,
        measurements=sum(one.samples for one in blocks.sampled),
        parts=parts,
        lines=lines_of(stacks),
        hints=hints_for(
            stacks,
            total,
            log=blocks.log,
            other_seconds=_other_seconds(blocks.sampled),
            not_accelerated=target.not_accelerated,
        ),
        output=_compared(target, launch, blocks, seed),
    )


def _generate(target: ProfileTarget, launch: Launch, samples: int, seed: int) -> Blocks:
    return generate_blocks(
        launch,
        name=target.sampling.name,
        block_size=target.sampling.block_size,
        samples=samples,
        seed=seed,
    )


def _other_seconds(blocks: list[Recorded]) -> float:
    return sum(one.other_seconds for one in blocks)


def _compared(target: ProfileTarget, launch: Launch, blocks: Blocks, seed: int) -> Output:
    """Compare with the first block, generated without a profile."""
    if target.seeded is False:
        reason = "the generator is not deterministic"
        return Output(checked=False, equal=False, reason=reason)
    samples = min(blocks.samples, target.sampling.block_size)
    first = {key: digest for key, digest in blocks.digests.items() if key[0] < samples}
    plain = replace(launch, profile=False)
    reference = _generate(target, plain, samples, seed)
    differences = differing(first, reference.digests)
    if not differences:
        return Output(checked=True, equal=True)
    index, name = differences[0]
    if differing(reference.digests, _generate(target, plain, samples, seed).digests):
        reason = f"the generator is not deterministic ({name} of sample {index} differs each time)"
        return Output(checked=False, equal=False, reason=reason)
    return Output(checked=True, equal=False, reason=f"{name} of sample {index}")


def _own_code(launch: Launch, blocks: Blocks) -> OwnCode:
    if launch.kind == "builtin":
        spec = util.find_spec("vrdata_generators")
        root = str(Path(spec.origin).parent / "builtin") if spec and spec.origin else ""
        folders = [f"{blocks.folders[1]}/{_BUILTIN}"]
    else:
        root = launch.root
        folders = [root, str(Path(root).resolve()), blocks.folders[0]]
    unique = sorted(set(folders), key=len, reverse=True)

    def load(file: str) -> bytes:
        path = Path(root, file)
        if ".." in path.parts or size_of(path) > MAX_BYTES:
            return b""
        return tail_of(path.resolve() if launch.kind == "builtin" else path, MAX_BYTES)

    return OwnCode(tuple(unique), load)
