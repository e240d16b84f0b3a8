"""Failures of a run, grouped for its status. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from pydantic import Field

from vrdata.api.run import MAX_SAMPLES
from vrdata.api.status import MAX_FAILURE_GROUPS, FailureGroup
from vrdata.contract.reasons import WorkerExit
from vrdata.model import Model
from vrdata.plan.planned import Shard
from vrdata.plan.waves import Wave
from vrdata_operator.state.facts import Failure, PodFacts
from vrdata_operator.status.conditions import clip
from vrdata_worker.failures import REASONS

# The worker's words → the words of Kubernetes, where it has one.
_KUBERNETES_WORDS = {"OutOfMemory": "OOMKilled"}

# A pod that ends before its shard begins says why in plain words, and what it was by its exit code.
_EXITS: dict[int | None, str] = {
    int(code): REASONS[code]
    for code in (WorkerExit.STORAGE_UNAVAILABLE, WorkerExit.CONTRACT_MISMATCH)
}


def group(failures: Iterable[Failure]) -> tuple[FailureGroup, ...]:
    """Failed shards by generator and reason, the largest groups first, at most 20."""
    counts: Counter[tuple[str, str]] = Counter()
    examples: dict[tuple[str, str], Failure] = {}
    for failure in sorted(failures, key=lambda one: one.shard):
        key = (failure.shard[0], failure.reason)
        counts[key] += 1
        examples.setdefault(key, failure)
    ordered = sorted(counts, key=lambda key: (-counts[key], key))
    return tuple(
        FailureGroup(
            generator=key[0],
            reason=key[1],
            shards=counts[key],
            example_shard=examples[key].shard[1],
            sample=examples[key].sample,
            message=clip(examples[key].message),
        )
        for key in ordered[:MAX_FAILURE_GROUPS]
    )


class _Words(Model, extra="ignore"):
    """What a worker says of a failed attempt. A generator may have had a hand in it."""

    reason: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9]{0,63}$")
    message: str = ""
    sample: int | None = Field(default=None, ge=0, le=MAX_SAMPLES)
    run: str = ""


def from_record(shard: Shard, attempt: int, body: bytes, run: str) -> Failure:
    """A failure from the record that the worker left in the store.

    Args:
        run: UID of the run; a record of another one, made here earlier, says nothing.

    Raises:
        ValueError: not such a record.
    """
    said = _Words.model_validate_json(body)
    if said.run != run:
        raise ValueError(f"a record of run {said.run!r}")
    return Failure(shard, attempt, _word(said.reason), said.message, said.sample)


def from_pod(wave: Wave, pod: PodFacts) -> Failure | None:
    """A failure from the pod of one completion index; None when it names no index."""
    if pod.index is None or pod.index >= wave.size:
        return None
    shard = wave.shard(pod.index)
    reason = "OOMKilled" if pod.terminated == "OOMKilled" or pod.exit_code == 137 else ""
    try:
        said = _Words.model_validate_json(pod.words)
    except ValueError:  # not the worker's own words: the end of its log
        reason = reason or pod.reason or _EXITS.get(pod.exit_code, "Unknown")
        return Failure(shard, wave.attempt, reason, pod.words)
    return Failure(shard, wave.attempt, reason or _word(said.reason), said.message, said.sample)


def _word(reason: str) -> str:
    return _KUBERNETES_WORDS.get(reason, reason)
