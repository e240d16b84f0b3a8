"""Failures of a run, grouped for its status. Pure."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable

from vrdata.api.status import MAX_FAILURE_GROUPS, FailureGroup
from vrdata.plan.waves import Shard, Wave
from vrdata_operator.conditions import clip
from vrdata_operator.facts import Failure, PodFacts

# The worker's words → the words of Kubernetes, where it has one.
_KUBERNETES_WORDS = {"OutOfMemory": "OOMKilled"}


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


def from_record(shard: Shard, body: bytes) -> Failure:
    """A failure from the record that the worker left in the store.

    Raises:
        ValueError: not such a record.
    """
    record = json.loads(body)
    return Failure(
        shard=shard,
        attempt=int(record["attempt"]),
        reason=_word(str(record["reason"])),
        message=str(record.get("message", "")),
        sample=record.get("sample"),
    )


def from_pod(wave: Wave, pod: PodFacts) -> Failure | None:
    """A failure from the pod of one completion index; None when it names no index."""
    if pod.index is None or pod.index >= wave.size:
        return None
    shard = wave.shard(pod.index)
    reason = "OOMKilled" if pod.terminated == "OOMKilled" or pod.exit_code == 137 else ""
    message, sample = pod.words, None
    try:
        outcome = json.loads(pod.words)
        reason = reason or _word(str(outcome["reason"]))
        message, sample = str(outcome.get("message", "")), outcome.get("sample")
    except (ValueError, KeyError, TypeError):
        reason = reason or pod.reason or "Unknown"
    return Failure(shard, wave.attempt, reason, message, sample)


def _word(reason: str) -> str:
    return _KUBERNETES_WORDS.get(reason, reason)
