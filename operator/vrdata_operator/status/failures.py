"""Failures of shards, read from the worker's records and from pods. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from vrdata.contract.pod import read_termination_message, termination_text
from vrdata.contract.reasons import FailureReason, WorkerExit
from vrdata.contract.records import Failure, FailureRecord
from vrdata.contract.recurs import Recurs
from vrdata.plan.planned import Shard
from vrdata.plan.waves import Wave
from vrdata_operator.state.facts import JobFacts, PodFacts

# A pod that ends before its shard starts may leave plain text; its exit code is the reason.
_EXITS: dict[int | None, FailureReason] = {
    int(WorkerExit.PREEMPTED): FailureReason.PREEMPTED,
    int(WorkerExit.STORAGE_UNAVAILABLE): FailureReason.STORAGE_UNAVAILABLE,
    int(WorkerExit.CONTRACT_MISMATCH): FailureReason.CONTRACT_MISMATCH,
}
OOM_KILLED = "OOMKilled"  # the kubelet's reason of a terminated container
# Exit codes of a container that SIGINT, SIGKILL or SIGTERM ended; None: nobody saw how it ended.
_KILLED = frozenset({None, 130, 137, 143})
GONE = Failure(
    reason=FailureReason.DISRUPTED,
    message="the pod left no termination message; it was deleted or killed",
)


def from_record(shard: Shard, attempt: int, body: bytes, run: str) -> FailureRecord:
    """The record that the worker stored.

    Args:
        run: UID of the run; records of earlier runs with the same output are invalid.

    Raises:
        ValueError: not a valid record of this run.
    """
    record = FailureRecord.read(body, shard, attempt)
    if record.run != run:
        raise ValueError(f"a record of run {record.run!r}")
    return record


def from_pod(wave: Wave, pod: PodFacts) -> FailureRecord | None:
    """A failure from the pod of one completion index; None for an index outside the wave."""
    if pod.index is None or pod.index >= wave.size:
        return None
    failure = read_termination_message(pod.termination_message) or _without_record(pod)
    if pod.terminated == OOM_KILLED:
        text = termination_text(pod.termination_message)
        limit = f"{wave.memory_bytes / 2**20:.0f} MiB"
        message = f"the pod used more memory than its limit, {limit}. {text}".rstrip(" .")
        failure = Failure(
            reason=FailureReason.OUT_OF_MEMORY, message=message, sample=failure.sample
        )
    return failure.of(wave.shard(pod.index), wave.attempt, wave.run)


def _without_record(pod: PodFacts) -> Failure:
    """A failure from how the pod ended. SIGKILL alone does not mean that memory ran out."""
    killed = pod.disrupted or pod.exit_code in _KILLED
    reason = FailureReason.DISRUPTED if killed else FailureReason.UNKNOWN
    texts = filter(None, (termination_text(pod.termination_message), pod.message, pod.reason))
    code = "" if pod.exit_code is None else f" with exit code {pod.exit_code}"
    message = next(texts, f"the pod ended{code} and left no termination message")
    return Failure(reason=_EXITS.get(pod.exit_code, reason), message=message)


def job_failure(job: JobFacts, pods: Iterable[PodFacts]) -> Failure:
    """Why a Job without shards failed: of its pods, what another try helps least against.

    Args:
        job: it has failed.
        pods: failed pods of any Job.
    """
    found = [_of_job_pod(pod) for pod in pods if pod.job == job.name and pod.phase == "Failed"]
    gone = Failure(reason=FailureReason.DISRUPTED, message="its pod was deleted or killed")
    return min(found, key=_helplessness, default=gone)


def _helplessness(failure: Failure) -> tuple[bool, bool, bool]:
    reason = failure.reason
    permanent = reason.recurs is Recurs.ALWAYS
    return not permanent, not reason.charged, reason is not FailureReason.OUT_OF_MEMORY


def _of_job_pod(pod: PodFacts) -> Failure:
    if pod.terminated == OOM_KILLED:
        return Failure(reason=FailureReason.OUT_OF_MEMORY, message="its pod was OOMKilled")
    found = read_termination_message(pod.termination_message)
    if found is not None:
        return found
    if pod.disrupted or pod.exit_code in _KILLED:
        message = pod.message or pod.reason or "its pod was killed"
        return Failure(reason=FailureReason.DISRUPTED, message=message)
    reason = _EXITS.get(pod.exit_code, FailureReason.UNKNOWN)
    return Failure(reason=reason, message=termination_text(pod.termination_message))
