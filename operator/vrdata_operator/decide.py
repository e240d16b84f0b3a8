"""What to do next about a run, and its new status. Pure: facts in, decision out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from vrdata.api.status import GenerationRunStatus
from vrdata.plan.waves import Wave
from vrdata_operator.policy.finalisation import (
    EARLY_SECONDS,
    INDEX_JOB_SHARDS,
    Stage,
    current_stage,
    stages,
    starts_early,
)
from vrdata_operator.policy.outcome import outcome_of
from vrdata_operator.policy.parallelism import share
from vrdata_operator.policy.pauses import Schedule, schedule
from vrdata_operator.policy.retries import first_waves, repair_waves, retry_waves
from vrdata_operator.specs.jobs import Shape, Try, final_manifest, index_manifest, wave_manifest
from vrdata_operator.state.facts import LAST_SHARDS, JobFacts
from vrdata_operator.state.names import wave_job
from vrdata_operator.state.run import RunView
from vrdata_operator.status.build import build_status
from vrdata_operator.status.reading import reading_status

LAST_SECONDS = 1.0  # between two turns while the last shards are committed


@dataclass(frozen=True, slots=True)
class StoreWave:
    """Write a wave's file, create-only."""

    wave: Wave


@dataclass(frozen=True, slots=True)
class ApplyJob:
    """Create a Job by server-side apply; an existing one with the same spec does not change."""

    manifest: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ReshapeJob:
    """Change the parallelism of an existing Job, or suspend or resume it."""

    name: str
    shape: Shape


@dataclass(frozen=True, slots=True)
class DeleteJob:
    """Delete a Job and its pods."""

    name: str


Action = StoreWave | ApplyJob | ReshapeJob | DeleteJob


@dataclass(frozen=True, slots=True)
class Decision:
    """What follows from the facts.

    Attributes:
        actions: in the order in which they must be applied.
        status: complete, to be written after the actions.
        after: seconds until another action is due, when nothing changes; None = none is known.
    """

    actions: tuple[Action, ...]
    status: GenerationRunStatus
    after: float | None = None


def decide(view: RunView) -> Decision:
    """The next step of a run; the same facts give the same decision."""
    if view.facts.reading is not None:
        return Decision(_suspend(view), reading_status(view, view.facts.reading))
    foreign = _foreign(view)
    outcome, retries = outcome_of(view, foreign), Schedule({})
    if outcome is not None:
        actions, after = _end_jobs(view), None
    elif view.complete:
        actions, after = _finalise(view)
    else:
        retries = schedule(view)
        actions, after = _generate(view, retries), _soon(view, retries.after)
        if starts_early(view):
            actions = (*actions, ApplyJob(_stage_manifest(Stage("finalise", view), early=True)))
    return Decision(actions, build_status(view, outcome, retries.paused), after)


def _soon(view: RunView, after: float | None) -> float | None:
    """Seconds until the next turn: few while the last shards of a run are committed.

    A Job reports a completed index up to some seconds after its commit marker exists.
    """
    rest = view.shards - len(view.done)
    recent = view.facts.now - view.committed_at <= EARLY_SECONDS
    if rest > min(view.pods, LAST_SHARDS) or not recent or not view.done:
        return after
    return min(LAST_SECONDS, LAST_SECONDS if after is None else after)


def _suspend(view: RunView) -> tuple[Action, ...]:
    """Suspend the Jobs of a suspended run: the only action that needs no facts from the store."""
    if not view.spec.suspend:
        return ()
    jobs = (
        job
        for job in view.facts.jobs.values()
        if _ours(view, job) and job.task == "shard" and not (job.finished or job.suspended)
    )
    if view.identity.queue:
        return tuple(DeleteJob(job.name) for job in jobs)
    return tuple(ReshapeJob(job.name, Shape(job.parallelism, suspend=True)) for job in jobs)


def _end_jobs(view: RunView) -> tuple[Action, ...]:
    return tuple(
        DeleteJob(job.name)
        for job in view.facts.jobs.values()
        if _ours(view, job) and not job.finished
    )


def _ours(view: RunView, job: JobFacts) -> bool:
    return job.owner_uid == view.identity.uid


def _foreign(view: RunView) -> str:
    """Name of a Job that this run needs and that another object owns; empty = none."""
    names = {wave_job(view.identity.uid, wave.wave) for wave in view.facts.waves}
    names |= {job.name for stage in stages(view) for job in stage.jobs.values()}
    jobs = view.facts.jobs.values()
    return next((job.name for job in jobs if job.name in names and not _ours(view, job)), "")


def _finalise(view: RunView) -> tuple[tuple[Action, ...], float | None]:
    """Create the next Job of finalisation; shard Jobs that still run find their markers and end.

    Returns:
        The actions, and seconds until the next one if it is due later.
    """
    stage = current_stage(view)
    if stage is None or view.spec.suspend:
        return (), None
    if stage.is_due:
        return (ApplyJob(_stage_manifest(stage)),), None
    if stage.is_paused:
        return (), stage.starts - view.facts.now
    # `_SUCCESS` exists some seconds before the Job has ended.
    soon = stage.last is not None and stage.last.ready and view.shards <= INDEX_JOB_SHARDS
    return (), LAST_SECONDS if soon else None


def _stage_manifest(stage: Stage, *, early: bool = False) -> dict[str, Any]:
    view = stage.view
    this = Try(stage.number, stage.memory, len(view.facts.waves), stage.charged, view.pods)
    if stage.name == "finalise":
        budget = view.spec.failure_policy.max_failed_samples
        return final_manifest(view.identity, view.profile, view.config, this, budget, early=early)
    generators = len(view.plan.generators)
    return index_manifest(view.identity, view.profile, view.config, this, generators)


def _generate(view: RunView, retries: Schedule) -> tuple[Action, ...]:
    """Waves that are due, and Jobs that are missing or have another shape than wanted."""
    policy, facts = view.spec.failure_policy, view.facts
    known = facts.committed | facts.damaged
    due = first_waves(view.plan, known, view.history, view.profile, policy)
    history = replace(view.history, waves=(*facts.waves, *due))
    due += retry_waves(history, retries.due, view.profile, policy)
    history = replace(view.history, waves=(*facts.waves, *due))
    damaged = facts.damaged - facts.repairing - view.restless
    due += repair_waves(view.plan, damaged, history, view.profile, policy)
    waves = tuple(StoreWave(wave) for wave in due)
    if view.spec.suspend and view.identity.queue:
        # A queue would resume its Jobs, so they are deleted; their commit markers stay.
        return (*_end_jobs(view), *waves)
    running = {number: len(shards) for number, shards in view.running.items()}
    wanted = running | {wave.wave: wave.size for wave in due}
    first = view.history.first_attempt
    again = {wave.wave for wave in (*facts.waves, *due) if wave.attempt > first}
    pods = share(view.pods, wanted, _held(view), again)
    jobs = (
        _shaped(view, wave, pods[wave.wave]) for wave in (*facts.waves, *due) if wave.wave in pods
    )
    return (*waves, *(job for job in jobs if job is not None), *_stop(view), *_end_lost(view))


def _end_lost(view: RunView) -> tuple[Action, ...]:
    """Delete the Jobs of waves whose file was lost: later waves contain their shards."""
    lost = (wave_job(view.identity.uid, wave.wave) for wave in view.history.own if not wave.spans)
    jobs = (view.facts.jobs.get(name) for name in lost)
    return tuple(DeleteJob(job.name) for job in jobs if job is not None and not job.finished)


def _held(view: RunView) -> dict[int, int]:
    """Pods of each wave that its Job starts now."""
    jobs = view.facts.jobs.values()
    return {job.wave: job.parallelism for job in jobs if job.wave is not None and not job.finished}


def _stop(view: RunView) -> tuple[Action, ...]:
    """Jobs do not replace deleted pods whose shards were given to later waves."""
    return tuple(
        ReshapeJob(job.name, Shape(0, job.suspended))
        for job in view.facts.jobs.values()
        if _ours(view, job)
        and not job.finished
        and job.terminating
        and job.parallelism
        and job.wave is not None
        and job.wave not in view.running
    )


def _shaped(view: RunView, wave: Wave, pods: int) -> ApplyJob | ReshapeJob | None:
    """The action that gives a wave's Job its shape; None when it has it already."""
    shape = Shape(parallelism=pods, suspend=view.spec.suspend)
    job = view.facts.jobs.get(wave_job(view.identity.uid, wave.wave))
    if job is None:
        readers = {one.name for one in view.plan.generators if one.reads}
        reads = any(span.generator in readers for span in wave.spans)
        return ApplyJob(
            wave_manifest(
                view.identity, view.profile, wave, view.config, shape, reads_sources=reads
            )
        )
    # A queue suspends and resumes its Jobs itself.
    suspended = bool(view.identity.queue) or job.suspended == shape.suspend
    if job.parallelism == pods and suspended:
        return None
    return ReshapeJob(job.name, shape)
