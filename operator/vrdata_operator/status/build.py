"""The complete status of a run, derived from its facts. Pure."""

from __future__ import annotations

from typing import Literal

from vrdata.api.status import FailureGroup, GenerationRunStatus, Phase, Storage
from vrdata.contract.attempts import MAX_UNCHARGED
from vrdata.contract.groups import FailureGroups
from vrdata.contract.records import FailureRecord
from vrdata.dataset.layout import REPORT
from vrdata_operator.policy.finalisation import current_stage
from vrdata_operator.policy.outcome import Outcome
from vrdata_operator.policy.pauses import Start
from vrdata_operator.policy.stalls import Cause, cause_of
from vrdata_operator.reasons import Reason
from vrdata_operator.state.run import RunView
from vrdata_operator.state.time import timestamp
from vrdata_operator.status import counts
from vrdata_operator.status.conditions import Finding, update
from vrdata_operator.status.rate import duration_text, progress_text, rate_text


def build_status(
    view: RunView, outcome: Outcome | None, paused: tuple[Start, ...] = ()
) -> GenerationRunStatus:
    """The status to write now; of constant size.

    Args:
        view: the run.
        outcome: how it ended; None while it continues.
        paused: shards that are retried later, the next ones first.
    """
    facts, now = view.facts, view.facts.now
    classes = counts.by_class(view, over=outcome is not None)
    samples, shards = counts.total_samples(classes), counts.total_shards(classes)
    cause = None if outcome else cause_of(view, paused) or _pause(view)
    remaining = samples.desired - samples.succeeded - samples.failed
    rate = None if outcome or view.spec.suspend else view.rate
    # Nothing runs while no pod is ready, except between two pods.
    generating = [job for job in facts.jobs.values() if job.task == "shard"]
    runs = any(job.ready or (job.active and not cause) for job in generating)
    eta = remaining / rate if rate and runs else None
    # A run with running pods is not stalled while others wait; `reason` names the cause.
    stalled = None if _works(view, cause) else cause
    running = any(job.ready or job.completed for job in facts.jobs.values())
    phase = _phase(view, outcome, running=running)
    return GenerationRunStatus(
        phase=phase,
        progress=progress_text(samples.succeeded, samples.desired),
        failed=samples.failed,
        rate=rate_text(rate),
        eta=duration_text(eta),
        reason=outcome.reason.value if outcome else cause.reason.value if cause else "",
        observed_generation=view.generation,
        observed_repair=facts.observed_repair,
        plan=view.config.plan,
        storage=Storage(url=view.url, mode=view.config.commit_mode),
        dataset_hash=facts.dataset_hash,
        duplicates=facts.duplicates,
        report=f"{view.url}{REPORT}index.html" if facts.dataset_hash else "",
        samples=samples,
        shards=shards,
        bytes=sum(totals.bytes for totals in facts.totals.values()),
        classes=classes,
        failures=_failures(view),
        waves=len(view.history.own),
        start_time=view.status.start_time or (timestamp(now) if facts.jobs else None),
        completion_time=(view.status.completion_time or timestamp(now)) if outcome else None,
        estimated_completion_time=None if eta is None else timestamp(now + eta),
        conditions=update(
            view.status.conditions,
            _findings(view, outcome, stalled, running=running),
            generation=view.generation,
            now=now,
        ),
    )


def _works(view: RunView, cause: Cause | None) -> bool:
    """Whether pods do what is next, whatever others wait for."""
    services = (Reason.STORAGE_UNAVAILABLE, Reason.SOURCE_UNAVAILABLE)
    if cause is not None and cause.reason in services:
        return False  # running pods wait for it, too
    jobs = view.facts.jobs.values()
    return any(job.ready for job in jobs if view.complete or job.task == "shard")


def _pause(view: RunView) -> Cause | None:
    """Why the next try of finalisation does not start yet."""
    stage = current_stage(view) if view.complete else None
    if stage is None or stage.failure is None or not stage.is_paused:
        return None
    failure, start = stage.failure, timestamp(stage.starts)
    detail = f"{failure.reason}: {failure.message}; try {stage.number + 1} starts at {start}"
    return Cause(Reason.FINALISATION_PAUSED, detail)


def _failures(view: RunView) -> tuple[FailureGroup, ...]:
    """Shards whose last attempt failed, and dropped samples of committed shards."""
    failed = view.facts.failures.items()
    groups = FailureGroups(
        _exhausted(failure) if shard in view.exhausted else failure
        for shard, failure in failed
        if shard not in view.done
    )
    groups.merge(view.facts.dropped)
    return groups.for_status()


def _exhausted(failure: FailureRecord) -> FailureRecord:
    message = f"{MAX_UNCHARGED} attempts were interrupted; the last one: {failure.message}"
    return failure.model_copy(update={"message": message})


def _phase(view: RunView, outcome: Outcome | None, *, running: bool) -> Phase:
    if outcome is not None:
        return "Succeeded" if outcome.succeeded else "Failed"
    if view.spec.suspend:
        return "Suspended"
    if view.complete:
        return "Finalising"
    if _queued(view):
        return "Queued"
    return "Running" if running or view.facts.committed else "Pending"


def _queued(view: RunView) -> bool:
    jobs = [job for job in view.facts.jobs.values() if not job.finished]
    return bool(view.identity.queue and jobs) and all(job.suspended for job in jobs)


def _findings(
    view: RunView, outcome: Outcome | None, cause: Cause | None, *, running: bool
) -> tuple[Finding, ...]:
    found = [Finding("Accepted", "True", Reason.PLANNED, f"plan {view.config.plan}"), _queue(view)]
    found.append(
        Finding("Suspended", "True", Reason.SPEC_SUSPEND)
        if view.spec.suspend and outcome is None
        else Finding("Suspended", "False", Reason.NOT_SUSPENDED)
    )
    found.append(_deterministic(view))
    if outcome is None:
        return (
            *found,
            _progressing(view, cause, running=running),
            Finding("Stalled", "False" if cause.passes else "True", cause.reason, cause.message)
            if cause
            else Finding("Stalled", "False", Reason.NOTHING_WRONG),
            Finding("Finished", "False", Reason.NOT_FINISHED),
            Finding("Succeeded", "Unknown", Reason.NOT_FINISHED),
        )
    status: Literal["True", "False"] = "True" if outcome.succeeded else "False"
    stalled: Literal["True", "False"] = "False" if outcome.succeeded else "True"
    return (
        *found,
        Finding("Progressing", "False", Reason.FINISHED),
        Finding("Stalled", stalled, outcome.reason, outcome.message),
        Finding("Finished", "True", outcome.reason, outcome.message),
        Finding("Succeeded", status, outcome.reason, outcome.message),
    )


def _queue(view: RunView) -> Finding:
    if not _queued(view):
        return Finding("Queued", "False", Reason.NOT_QUEUED)
    message = Reason.WAITING_IN_QUEUE.message(f"queue {view.identity.queue}")
    return Finding("Queued", "True", Reason.WAITING_IN_QUEUE, message)


def _progressing(view: RunView, cause: Cause | None, *, running: bool) -> Finding:
    if view.spec.suspend:
        return Finding("Progressing", "False", Reason.SUSPENDED)
    if cause is not None:
        return Finding("Progressing", "False", cause.reason, cause.message)
    if view.complete:
        return Finding("Progressing", "True", Reason.FINALISING)
    if running:
        return Finding("Progressing", "True", Reason.SHARDS_RUNNING)
    return Finding("Progressing", "True", Reason.PODS_STARTING)


def _deterministic(view: RunView) -> Finding:
    if view.facts.nondeterministic:
        message = Reason.BYTES_DIFFER.message(", ".join(view.facts.nondeterministic[:3]))
        return Finding("Deterministic", "False", Reason.BYTES_DIFFER, message)
    return Finding("Deterministic", "Unknown", Reason.NOT_COMPARED)
