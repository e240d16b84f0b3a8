"""Has the run ended, and how. Pure.

The outcome comes from commit markers and the failure policy, never from a Job's own condition.
"""

from __future__ import annotations

from dataclasses import dataclass

from vrdata_operator.policy.deadline import deadline
from vrdata_operator.state.names import final_job
from vrdata_operator.state.run import RunView


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended: a reason of the condition Succeeded, and details."""

    succeeded: bool
    reason: str
    message: str


def outcome_of(view: RunView, foreign: str = "") -> Outcome | None:
    """The run's end, or None while it can go on.

    Args:
        foreign: name of a Job that has one of our names and belongs to somebody else.
    """
    if foreign:
        return Outcome(
            False,
            "JobNameConflict",
            f"Job {foreign} belongs to another owner; it was not touched. Rename or remove it",
        )
    over = _over_budget(view)  # such a run gets no `_SUCCESS`, so it is not finalised
    if over is not None:
        return over
    if view.facts.dataset_hash:
        return _finished(view)
    return _contract_mismatch(view) or _finalisation_failed(view) or _deadline(view) or _lost(view)


def _over_budget(view: RunView) -> Outcome | None:
    """Every shard is committed, with more samples left out than the run allows."""
    budget = view.spec.failure_policy.max_failed_samples
    failed = _failed_samples(view)
    if not view.complete or failed <= budget:
        return None
    return Outcome(
        False,
        "FailureBudgetExceeded",
        f"{failed} samples could not be made; maxFailedSamples is {budget}",
    )


def _finished(view: RunView) -> Outcome:
    failed = _failed_samples(view)
    if failed:
        return Outcome(True, "WithinFailureBudget", f"{failed} samples were left out")
    return Outcome(True, "AllSamples", "every sample was made")


def _failed_samples(view: RunView) -> int:
    return sum(totals.failed_samples for totals in view.facts.totals.values())


def _contract_mismatch(view: RunView) -> Outcome | None:
    for job in view.facts.jobs.values():
        if job.task == "shard" and job.reason == "PodFailurePolicy":
            return Outcome(
                False,
                "ContractMismatch",
                "a worker refused the plan: its image holds other generators than the plan "
                f"says. {job.message}",
            )
    return None


def _finalisation_failed(view: RunView) -> Outcome | None:
    job = view.facts.jobs.get(final_job(view.identity.uid))
    if job is None or not job.finished or job.succeeded:
        return None
    said = (pod.words for pod in view.facts.pods if pod.job == job.name and pod.words)
    return Outcome(
        False,
        "FinalisationFailed",
        "the shards are committed, but the dataset could not be finished. "
        f"{next(said, job.message)}",
    )


def _deadline(view: RunView) -> Outcome | None:
    limit = view.spec.active_deadline_seconds
    end = deadline(limit, view.status, suspend=view.spec.suspend)
    if end is None or view.facts.now < end:
        return None
    return Outcome(
        False,
        "DeadlineExceeded",
        f"the run was not done {limit} s after it began; committed shards stay, and a new run "
        "of the same name and spec makes only the rest",
    )


def _lost(view: RunView) -> Outcome | None:
    """Shards failed for good, and nothing else is left to be made."""
    if not view.lost or view.complete:
        return None
    if len(view.lost) < view.shards - len(view.facts.committed):
        return None
    return Outcome(
        False,
        "FailureBudgetExceeded",
        f"{len(view.lost)} shards failed in every attempt; see status.failures",
    )
