"""Assess a pipeline: what it reads, how it generates a sample, and whether in slices."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from vrdata.contract.reasons import FailureReason
from vrdata.errors import InvalidInputError
from vrdata.plan.catalogue import Acceleration
from vrdata.plan.pipelines import Pipeline, Step
from vrdata_generators.adapter.pipeline.contents import doubts, usual_files
from vrdata_generators.adapter.pipeline.data import PipelineData, staged
from vrdata_generators.adapter.pipeline.find import output_of, roots_of, steps_of
from vrdata_generators.adapter.pipeline.prove import Slices, prove_slices
from vrdata_generators.adapter.pipeline.seen import Seen
from vrdata_generators.adapter.prepare import Prepared
from vrdata_generators.adapter.proof.assessment import (
    Assessment,
    beside,
    launch_of_prepared,
    measured,
    refused,
)
from vrdata_generators.adapter.proof.prove import notes_of
from vrdata_generators.adapter.proof.results import BrokenGeneratorError, TrialResult
from vrdata_generators.adapter.proof.trial import run_trial
from vrdata_worker.child.launch import Launch

PIPELINE_BLOCK_SIZE = 50  # each block starts the script and walks over all items
TRIAL_SAMPLES = 5
TRIAL_SEED = 42
MOST_ITEMS = 100_000  # that are counted
MOST_MOVES = 4  # watched walks after the first one
_LOG_LINES = 8
_SKIPS = FailureReason.UNDER_PRODUCTION.value  # the walk skips items, or has fewer


@dataclass(frozen=True, slots=True)
class Found:
    """What the trials of a pipeline showed.

    Attributes:
        pipeline: the facts for the catalogue.
        trial: of the whole walk.
        deterministic: two walks gave equal bytes.
        warnings: for the user.
    """

    pipeline: Pipeline
    trial: TrialResult
    deterministic: bool
    warnings: tuple[str, ...] = ()


@dataclass(slots=True)
class Trials:
    """Runs the blocks of one pipeline on trial.

    Attributes:
        launch: how it starts.
        data: its sources.
        options: further flags of its script.
        results: of all trials.
    """

    launch: Launch
    data: PipelineData
    options: tuple[str, ...] = ()
    results: list[TrialResult] = field(default_factory=list)

    def run(
        self,
        pipeline: Pipeline,
        slice_: range,
        *,
        samples: int = TRIAL_SAMPLES,
        watched: bool = False,
    ) -> TrialResult:
        """Generate the samples of a slice; a whole walk if the pipeline has no step.

        Args:
            pipeline: what is known of it.
            slice_: indexes of the samples.
            samples: the number of samples that the script is asked for.
            watched: see what it calls.

        Raises:
            InvalidInputError: the environment cannot be used.
        """
        launch = replace(
            self.launch,
            pipeline=pipeline,
            samples=samples,
            watched=watched,
            items=str(self.data.folder.resolve()),
        )
        try:
            found = run_trial(
                launch,
                seed=TRIAL_SEED,
                count=len(slice_),
                want=len(slice_),
                start=slice_.start,
                options=self.options,
                data=self.data,
            )
        except BrokenGeneratorError as error:
            raise InvalidInputError(
                "the pipeline cannot be started",
                why=str(error),
                fix="correct it, then add it again",
            ) from None
        if samples == TRIAL_SAMPLES:
            self.results.append(found)
        return found

    def items(self, pipeline: Pipeline) -> int:
        """Items of a walk that converts none of them; 0 = not known.

        A script that gives as many samples as it is asked for has no number of its own. One that
        fails has come to its last item only if slices show that it accepts skipped ones.
        """
        if pipeline.step is None:
            return 0
        found = self.run(pipeline, range(MOST_ITEMS, MOST_ITEMS + 1), samples=MOST_ITEMS)
        ended = pipeline.sliced or not found.error
        return self.data.items if ended and self.data.items < MOST_ITEMS else 0

    def depends_on_total(self, pipeline: Pipeline, trial: TrialResult) -> bool:
        """Whether a sample is another one if the script is asked for more samples."""
        last = max(trial.samples)
        if not pipeline.sliced:
            return False
        other = self.run(pipeline, range(last, last + 1), samples=2 * TRIAL_SAMPLES)
        return 0 not in other.samples or not other.samples[0].same_files(trial.samples[last])


def assess_pipeline(
    launch: Launch, pipeline: Pipeline, data: PipelineData, options: tuple[str, ...] = ()
) -> Found:
    """Run the trials of a pipeline.

    Args:
        launch: how its template starts.
        pipeline: its sources and its script.
        data: the sources.
        options: further flags of its script.

    Raises:
        InvalidInputError: it generates no sample.
    """
    trials = Trials(launch, data, options)
    complete = range(TRIAL_SAMPLES)
    pipeline, seen = _watch(trials, pipeline)
    plain = trials.run(pipeline, complete)
    if not plain.samples or (plain.error and not plain.error.startswith(_SKIPS)):
        raise _unusable(plain, seen)
    again = trials.run(pipeline, complete)
    deterministic = plain.same_files(again)

    def run(step: Step, slice_: range) -> TrialResult:
        return trials.run(pipeline.model_copy(update={"step": step}), slice_)

    if deterministic:
        slices = prove_slices(steps_of(seen), plain, TRIAL_SAMPLES, run)
    else:
        slices = Slices(None, "two runs give different bytes", plain)
    files = usual_files(plain)
    found = pipeline.model_copy(update={"step": slices.step, "whole": slices.whole, "files": files})
    found = found.model_copy(update={"items": trials.items(found)})
    depends = trials.depends_on_total(found, slices.trial)
    warnings = (
        *refused(trials.results),
        *beside(trials.results),
        *_of_items(slices, depends),
        *doubts(slices.trial, files),
    )
    return Found(found, slices.trial, deterministic, warnings)


def _of_items(slices: Slices, depends: bool) -> Iterator[str]:
    if depends:
        yield "its samples depend on how many a run has: a run with more samples has different ones"
    if slices.whole:
        yield f"its samples are generated in one shard: {slices.whole}"
    for failure in slices.trial.invalid:
        if not failure.startswith(_SKIPS):
            yield f"an item gave no sample: {failure}"


def _watch(trials: Trials, pipeline: Pipeline) -> tuple[Pipeline, Seen]:
    """Walk with a watch: for moved folders first, then for the output folder and the step.

    A script that finds no data does not get to the folder that it writes to, so each moved folder
    can show another one.
    """
    complete = range(TRIAL_SAMPLES)
    trial = trials.run(pipeline, complete, watched=True)
    for _ in range(MOST_MOVES):
        roots = {*pipeline.roots, *roots_of(trials.data.seen)}
        if len(roots) == len(pipeline.roots):
            break
        pipeline = pipeline.model_copy(update={"roots": tuple(sorted(roots))})
        trials.results.clear()  # what was refused there has moved
        trial = trials.run(pipeline, complete, watched=True)
    seen = trials.data.seen
    if not seen.samples:
        raise _unusable(trial, seen)
    facts = {"output": output_of(seen), "programs": tuple(seen.programs)}
    return pipeline.model_copy(update=facts), seen


def _unusable(trial: TrialResult, seen: Seen) -> InvalidInputError:
    """The error names what the script lacks: many scripts go on without it, and print nothing."""
    why = trial.error or (trial.invalid[0] if trial.invalid else "it wrote no sample")
    missing = (f"its code imports {module}, which is not installed" for module in seen.missing)
    causes = [line for line in (*refused([trial]), *missing) if line not in why]
    tail = trial.log.splitlines()[-_LOG_LINES:]
    return InvalidInputError(
        "the pipeline generates no usable sample",
        why="\n".join([why, *causes, *(line for line in tail if line not in why)]),
        fix="declare each source where its script expects it: --source URL=PLACE",
    )


def assess_as_pipeline(
    name: str, prepared: Prepared, pipeline: Pipeline, say: Callable[[str], None]
) -> Assessment:
    """Run the trials of a repository with its sources.

    Args:
        name: of the generator.
        prepared: its copy and its environment.
        pipeline: its sources and its script.
        say: receives progress messages, one line each.

    Raises:
        InvalidInputError: it generates no sample.
        VrdataError: a source cannot be listed or fetched.
    """
    launch = replace(launch_of_prepared(name, prepared), mode="bare")
    with staged(name, pipeline, say) as data:
        say(f"{name}: converting some items in several ways")
        pipeline = pipeline.model_copy(update={"sources": data.sources})
        found = assess_pipeline(launch, pipeline, data)
    trial = found.trial
    return Assessment(
        mode="bare",
        acceleration=Acceleration(enabled=False, reason="a pipeline runs unchanged"),
        deterministic=found.deterministic,
        sequential=found.pipeline.step is not None,
        domain=next(iter(trial.samples.values())).domain,
        measured=measured(trial),
        notes=notes_of(trial),
        hermetic=trial.hermetic,
        warnings=found.warnings,
        pipeline=found.pipeline,
    )
