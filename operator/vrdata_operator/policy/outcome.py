"""Whether a run has ended, and how. Pure.

The outcome follows from commit markers and the failure policy, never from a Job's own condition.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from vrdata.contract.attempts import MAX_UNCHARGED
from vrdata.contract.reasons import FailureReason
from vrdata.text import count
from vrdata_operator.policy.deadline import deadline
from vrdata_operator.policy.finalisation import Stage, current_stage
from vrdata_operator.reasons import Reason
from vrdata_operator.state.names import REPAIR_ANNOTATION
from vrdata_operator.state.rejection import Explanation
from vrdata_operator.state.run import MAX_RESTORED, RunView

MAX_REASONS = 3  # that a message names
_SUCCESSES = frozenset({Reason.ALL_SAMPLES, Reason.WITHIN_FAILURE_BUDGET})


@dataclass(frozen=True, slots=True)
class Outcome(Explanation):
    """How a run ended."""

    @property
    def succeeded(self) -> bool:
        """Whether the dataset is complete, within the failure budget."""
        return self.reason in _SUCCESSES


def outcome_of(view: RunView, foreign: str = "") -> Outcome | None:
    """How the run ended; None while it can continue.

    Args:
        foreign: name of a Job that this run needs and that another object owns.
    """
    if foreign:
        return Outcome(Reason.JOB_NAME_CONFLICT, f"Job {foreign}")
    # Such a run gets no `_SUCCESS`, so it is not finalised.
    over = _empty(view) or _over_budget(view)
    if over is not None:
        return over
    if view.complete and Stage("finalise", view).succeeded:
        return _finished(view)
    ended = _contract_mismatch(view) or _restless(view) or _finalisation_failed(view)
    return ended or _deadline(view) or _lost(view)


def _empty(view: RunView) -> Outcome | None:
    """Every shard is committed, and all samples of the plan failed."""
    failed = _failed_samples(view)
    planned = sum(generator.samples for generator in view.plan.generators)
    if not view.complete or not failed or failed < planned:
        return None
    return Outcome(Reason.NO_SAMPLES, f"{failed} of {planned}")


def _over_budget(view: RunView) -> Outcome | None:
    """Every shard is committed, without more samples than the run allows."""
    budget = view.spec.failure_policy.max_failed_samples
    failed = _failed_samples(view)
    if not view.complete or failed <= budget:
        return None
    detail = f"{_failed_text(view)}; maxFailedSamples is {budget}"
    return Outcome(Reason.FAILURE_BUDGET_EXCEEDED, detail)


def _finished(view: RunView) -> Outcome:
    failed, duplicates = _failed_samples(view), view.facts.duplicates
    details = [_failed_text(view)] if failed else []
    details += [count(duplicates, "duplicate")] if duplicates else []
    reason = Reason.WITHIN_FAILURE_BUDGET if failed else Reason.ALL_SAMPLES
    return Outcome(reason, "; ".join(details))


def _failed_samples(view: RunView) -> int:
    return sum(totals.failed_samples for totals in view.facts.totals.values())


def _failed_text(view: RunView) -> str:
    """How many samples failed, and for which reasons: the most frequent ones."""
    reasons: Counter[str] = Counter()
    for group in view.facts.dropped:
        reasons[group.reason] += group.count
    named = ", ".join(f"{reason} {number}" for reason, number in reasons.most_common(MAX_REASONS))
    more = ", …" if len(reasons) > MAX_REASONS else ""
    text = f"{count(_failed_samples(view), 'sample')} failed"
    return f"{text} ({named}{more})" if named else text


def _contract_mismatch(view: RunView) -> Outcome | None:
    for job in view.facts.jobs.values():
        if job.wave in view.open and job.reason == "PodFailurePolicy":
            return _of_a_worker(view) or Outcome(Reason.CONTRACT_MISMATCH, job.message)
    return None


def _of_a_worker(view: RunView) -> Outcome | None:
    """What a worker found that ends its Job: the kernel, or objects of something else."""
    reasons = {
        FailureReason.NOT_HERMETIC: Reason.NOT_HERMETIC,
        FailureReason.OUTPUT_CONFLICT: Reason.OUTPUT_CONFLICT,
    }
    for failure in view.facts.failures.values():
        if failure.reason in reasons:
            return Outcome(reasons[failure.reason], failure.message)
    return None


def _restless(view: RunView) -> Outcome | None:
    """Something else keeps changing the output."""
    for generator, shard in view.restless:
        detail = f"data of shard {shard} of {generator} was deleted or changed {MAX_RESTORED} times"
        fix = f"Find what changes the storage, then set the annotation {REPAIR_ANNOTATION}"
        return Outcome(Reason.FINALISATION_FAILED, detail, fix)
    return None


def _finalisation_failed(view: RunView) -> Outcome | None:
    stage = current_stage(view) if view.complete else None
    if stage is None or stage.failure is None or not stage.given_up:
        return None
    if stage.failure.reason is FailureReason.OUTPUT_CONFLICT:
        return Outcome(Reason.OUTPUT_CONFLICT, stage.failure.message)
    damaged = stage.failure.reason is FailureReason.DAMAGED_MARKER
    fix = f"Delete it, then set the annotation {REPAIR_ANNOTATION}" if damaged else ""
    return Outcome(Reason.FINALISATION_FAILED, stage.given_up, fix)


def _deadline(view: RunView) -> Outcome | None:
    limit = view.spec.active_deadline_seconds
    end = deadline(limit, view.status, suspend=view.spec.suspend)
    if end is None or view.facts.now < end:
        return None
    return Outcome(Reason.DEADLINE_EXCEEDED, f"the limit is {limit} s")


def _lost(view: RunView) -> Outcome | None:
    """Shards failed in every attempt, and no other shard is left to generate."""
    if not view.lost or view.complete:
        return None
    if len(view.lost) < view.shards - len(view.done):
        return None
    if view.history.full:
        waves = f"the output has {count(len(view.facts.waves), 'wave')}, and no more can be added"
        return Outcome(Reason.FAILURE_BUDGET_EXCEEDED, waves, "use another metadata.name")
    detail = f"{count(len(view.lost), 'shard')} failed in every attempt"
    if view.exhausted:
        shards = count(len(view.exhausted), "shard")
        detail += f"; {MAX_UNCHARGED} attempts of {shards} were interrupted"
    return Outcome(Reason.FAILURE_BUDGET_EXCEEDED, detail)
