"""Why a run does not progress: the one cause to report first. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from vrdata.contract.attempts import MAX_UNCHARGED
from vrdata.contract.pod import termination_text
from vrdata.contract.reasons import FailureReason
from vrdata.contract.records import FailureRecord
from vrdata.text import count
from vrdata_operator.policy.pauses import Start
from vrdata_operator.reasons import Reason
from vrdata_operator.state.facts import JobEvent, JobFacts, PodFacts
from vrdata_operator.state.rejection import Explanation
from vrdata_operator.state.run import RunView
from vrdata_operator.state.time import timestamp

_IMAGE = frozenset({"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"})
_CONFIG = frozenset({"CreateContainerConfigError", "CreateContainerError"})
# They end by themselves, so nobody has to act.
_PASSING = frozenset({Reason.REPLACING_PODS, Reason.RETRY_PAUSED, Reason.FINALISATION_PAUSED})
# Pods wait for them, and what they report when they give up.
_SERVICES = {
    FailureReason.STORAGE_UNAVAILABLE: Reason.STORAGE_UNAVAILABLE,
    FailureReason.SOURCE_UNAVAILABLE: Reason.SOURCE_UNAVAILABLE,
}
RECENT_SECONDS = 30.0  # a worker that rejected keys stop ends within this time


@dataclass(frozen=True, slots=True)
class Cause(Explanation):
    """Why a run does not progress, with the cluster's or the worker's own message."""

    @property
    def passes(self) -> bool:
        """Whether it ends by itself, so that the run is not stalled."""
        return self.reason in _PASSING


def cause_of(view: RunView, paused: tuple[Start, ...] = ()) -> Cause | None:
    """Why the run does not progress; None when no problem is known.

    Args:
        view: the run.
        paused: shards that are retried later, the next ones first.
    """
    found = why_waiting(view.facts.pods, view.facts.events)
    if found is not None or view.spec.suspend:
        return found
    if view.complete:
        return _unreachable(view)
    return _service(view) or _unreachable(view) or _pause(view, paused)


def why_waiting(pods: Iterable[PodFacts], events: Iterable[JobEvent]) -> Cause | None:
    """The cause that keeps pods from starting; None when no problem is known.

    An existing pod is more specific than a Job that cannot create pods, so pods come first.
    """
    for pod in pods:
        cause = _of_pod(pod)
        if cause is not None:
            return cause
    for event in events:
        if event.reason == "FailedCreate":
            return Cause(_of_failed_create(event.message.lower()), event.message)
    return None


def _service(view: RunView) -> Cause | None:
    """Pods fail because of a service, as many as run, and none has committed a shard since."""
    facts = view.facts
    failed = [
        (facts.failed_at.get(shard, 0.0), shard, failure)
        for shard, failure in facts.failures.items()
        if failure.reason in _SERVICES and shard not in view.done
    ]
    recent = [one for one in failed if one[0] >= view.committed_at]
    ready = sum(job.ready for job in _unfinished(view))
    if not recent or len(recent) < ready:
        return None
    last = max(recent)
    if ready and facts.now - last[0] > RECENT_SECONDS:
        return None
    detail = f"{count(len(recent), 'pod')} of the run failed, the last one with: {last[2].message}"
    return Cause(_SERVICES[last[2].reason], detail)


def _unreachable(view: RunView) -> Cause | None:
    """A pod's node does not answer; of a complete run, only pods that finalise it matter."""
    jobs = {job.name for job in _unfinished(view) if not view.complete or job.task != "shard"}
    pod = next((pod for pod in view.facts.unreachable if pod.job in jobs), None)
    if pod is None:
        return None
    state = "is deleted and does not end" if pod.terminating else "does not run"
    return Cause(Reason.NODE_UNREACHABLE, f"pod {pod.name} on node {pod.node} {state}")


def _pause(view: RunView, paused: tuple[Start, ...]) -> Cause | None:
    """What a run without any active pod waits for."""
    if any(job.active for job in _unfinished(view) if job.task == "shard"):
        return None
    pods = [pod for pod in view.facts.pods if _is_replaced(view, pod)]
    if pods:
        last = max(pods, key=lambda pod: (pod.ended, pod.name))
        detail = f"{count(len(pods), 'pod')}; the last one is {last.name}: {_ending(last)}"
        return Cause(Reason.REPLACING_PODS, detail)
    return Cause(Reason.RETRY_PAUSED, _retry_text(view, paused)) if paused else None


def _is_replaced(view: RunView, pod: PodFacts) -> bool:
    """Whether the pod failed without ending its attempt, so that its Job replaces it."""
    job = view.facts.jobs.get(pod.job)
    if pod.phase != "Failed" or job is None or job.finished or job.wave not in view.running:
        return False
    return pod.index not in job.completed | job.failed


def _ending(pod: PodFacts) -> str:
    texts = (pod.reason, pod.message, termination_text(pod.termination_message))
    return ": ".join(filter(None, texts)) or f"exit code {pod.exit_code}"


def _retry_text(view: RunView, paused: tuple[Start, ...]) -> str:
    first = paused[0]
    failure = view.failure(first.wave, first.shard)
    number = first.wave.uncharged + 1
    return (
        f"{count(len(paused), 'shard')}; shard {first.shard.number} of {first.shard.generator} "
        f"starts at {timestamp(first.at)}, after {number} of at most "
        f"{MAX_UNCHARGED} uncharged attempts; {_failure_text(failure)}"
    )


def _failure_text(failure: FailureRecord | None) -> str:
    if failure is None:
        return f"the last one: {FailureReason.DISRUPTED}"
    return f"the last one: {failure.reason}: {failure.message}"


def _unfinished(view: RunView) -> Iterator[JobFacts]:
    return (job for job in view.facts.jobs.values() if not job.finished)


def _of_pod(pod: PodFacts) -> Cause | None:
    if pod.phase != "Pending":
        return None
    if pod.reason == "Unschedulable":
        return Cause(Reason.UNSCHEDULABLE, pod.message)
    if pod.waiting in _IMAGE:
        return Cause(Reason.IMAGE_PULL_FAILED, pod.message or pod.waiting)
    if pod.waiting in _CONFIG:
        missing = "secret" in pod.message.lower()
        return Cause(Reason.MISSING_SECRET if missing else Reason.POD_CONFIG_ERROR, pod.message)
    return None


def _of_failed_create(message: str) -> Reason:
    if "exceeded quota" in message:
        return Reason.QUOTA_EXCEEDED
    if "serviceaccount" in message and "not found" in message:
        return Reason.MISSING_SERVICE_ACCOUNT
    if "violates podsecurity" in message:
        return Reason.POD_SECURITY
    return Reason.PODS_REFUSED
