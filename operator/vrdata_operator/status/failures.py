"""Failures of shards: read from records and pods, grouped for the status. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from pydantic import Field

from vrdata.api.run import MAX_SAMPLES
from vrdata.api.status import MAX_FAILURE_GROUPS, FailureGroup
from vrdata.contract.reasons import FailureReason, WorkerExit, parse_reason
from vrdata.model import Model
from vrdata.plan.planned import Shard
from vrdata.plan.waves import Wave
from vrdata_operator.state.facts import Failure, PodFacts
from vrdata_operator.status.conditions import clip

# A pod that ends before its shard starts leaves plain text; its exit code is the reason.
_EXITS: dict[int | None, FailureReason] = {
    int(WorkerExit.STORAGE_UNAVAILABLE): FailureReason.STORAGE_UNAVAILABLE,
    int(WorkerExit.CONTRACT_MISMATCH): FailureReason.CONTRACT_MISMATCH,
}
OOM_KILLED = "OOMKilled"  # the kubelet's reason of a terminated container
SIGKILLED = 137  # exit code of a process that the kernel killed


def group(failures: Iterable[Failure]) -> tuple[FailureGroup, ...]:
    """Failed shards by generator and reason, the largest groups first, at most 20."""
    counts: Counter[tuple[str, FailureReason]] = Counter()
    examples: dict[tuple[str, FailureReason], Failure] = {}
    for failure in sorted(failures, key=lambda one: one.shard):
        key = (failure.shard[0], failure.reason)
        counts[key] += 1
        examples.setdefault(key, failure)
    ordered = sorted(counts, key=lambda key: (-counts[key], key))
    return tuple(
        FailureGroup(
            generator=key[0],
            reason=key[1].value,
            shards=counts[key],
            example_shard=examples[key].shard[1],
            sample=examples[key].sample,
            message=clip(examples[key].message),
        )
        for key in ordered[:MAX_FAILURE_GROUPS]
    )


class _Record(Model, extra="ignore"):
    """What a worker reports of a failed attempt. A generator may have manipulated it."""

    reason: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9]{0,63}$")
    message: str = ""
    sample: int | None = Field(default=None, ge=0, le=MAX_SAMPLES)
    run: str = ""


def from_record(shard: Shard, attempt: int, body: bytes, run: str) -> Failure:
    """A failure from the record that the worker stored.

    Args:
        run: UID of the run; records of earlier runs with the same output are invalid.

    Raises:
        ValueError: not a valid record of this run.
    """
    found = _Record.model_validate_json(body)
    if found.run != run:
        raise ValueError(f"a record of run {found.run!r}")
    return Failure(shard, attempt, parse_reason(found.reason), found.message, found.sample)


def from_pod(wave: Wave, pod: PodFacts) -> Failure | None:
    """A failure from the pod of one completion index; None for an index outside the wave."""
    if pod.index is None or pod.index >= wave.size:
        return None
    shard = wave.shard(pod.index)
    killed = pod.terminated == OOM_KILLED or pod.exit_code == SIGKILLED
    try:
        found = _Record.model_validate_json(pod.termination_message)
    except ValueError:  # not a record: the end of the pod's log
        reason = _EXITS.get(pod.exit_code, FailureReason.UNKNOWN)
        message, sample = pod.termination_message or pod.reason, None
    else:
        reason, message, sample = parse_reason(found.reason), found.message, found.sample
    if killed:
        reason = FailureReason.OUT_OF_MEMORY
        message = f"{pod.terminated or OOM_KILLED} by the kernel. {message}".rstrip(" .")
    return Failure(shard, wave.attempt, reason, message, sample)
