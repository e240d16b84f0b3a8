"""Events for people: a fixed list, on transitions only. Pure.

| reason | type | when |
|---|---|---|
| Accepted | Normal | the run has a plan |
| Rejected | Warning | it cannot be made as it is |
| Started | Normal | its first Jobs are made |
| Retrying | Warning | shards failed and return in a later wave |
| Waiting | Warning | pods cannot start, with the cluster's words |
| Suspended, Resumed | Normal | spec.suspend changed |
| Progress | Normal | 25, 50, 75 % of the samples are committed |
| Finalising | Normal | all shards are committed |
| Succeeded | Normal | the run ended well |
| Failed | Warning | the run ended otherwise |
"""

from __future__ import annotations

from typing import Literal

from vrdata.api.status import ConditionType, GenerationRunStatus
from vrdata_operator.cluster.port import RunEvent

MAX_EVENTS = 30  # of one run while one operator process lives


def transitions(before: GenerationRunStatus, after: GenerationRunStatus) -> list[RunEvent]:
    """What a person should hear of, between two statuses."""
    return [
        *_accepted(before, after),
        *_work(before, after),
        *_suspension(before, after),
        *_waiting(before, after),
        *_ended(before, after),
    ]


def _accepted(before: GenerationRunStatus, after: GenerationRunStatus) -> list[RunEvent]:
    old, new = before.condition("Accepted"), after.condition("Accepted")
    if new is None or (old is not None and (old.status, old.reason) == (new.status, new.reason)):
        return []
    if new.status == "True":
        return [RunEvent("Normal", "Accepted", new.message)]
    if new.status == "False":
        return [RunEvent("Warning", "Rejected", f"{new.reason}: {new.message}")]
    return []


def _work(before: GenerationRunStatus, after: GenerationRunStatus) -> list[RunEvent]:
    found = []
    if after.waves and not before.waves:
        text = f"{after.samples.desired} samples in {_all_shards(after)} shards"
        found.append(RunEvent("Normal", "Started", text))
    elif after.waves > before.waves:
        retrying = after.shards.retrying
        found.append(RunEvent("Warning", "Retrying", f"{retrying} shards are tried again"))
    for quarter in (25, 50, 75):
        if _percent(before) < quarter <= _percent(after) < 100:
            found.append(RunEvent("Normal", "Progress", after.progress))
            break
    if after.phase == "Finalising" != before.phase:
        found.append(RunEvent("Normal", "Finalising", "all shards are committed"))
    return found


def _suspension(before: GenerationRunStatus, after: GenerationRunStatus) -> list[RunEvent]:
    was, now = _is(before, "Suspended"), _is(after, "Suspended")
    if was == now or _is(after, "Finished"):
        return []
    if now:
        return [RunEvent("Normal", "Suspended", "no new shard is started")]
    return [RunEvent("Normal", "Resumed", "shards are started again")]


def _waiting(before: GenerationRunStatus, after: GenerationRunStatus) -> list[RunEvent]:
    new, old = after.condition("Stalled"), before.condition("Stalled")
    if new is None or new.status != "True" or _is(after, "Finished"):
        return []
    if _is_false(after, "Accepted") or (old is not None and old.reason == new.reason):
        return []
    return [RunEvent("Warning", "Waiting", f"{new.reason}: {new.message}")]


def _ended(before: GenerationRunStatus, after: GenerationRunStatus) -> list[RunEvent]:
    if before.finished or not after.finished:
        return []
    end = after.condition("Succeeded")
    text = f"{end.reason}: {end.message}" if end is not None else ""
    kind: Literal["Normal", "Warning"] = "Normal" if after.phase == "Succeeded" else "Warning"
    return [RunEvent(kind, after.phase, text)]


def _is(status: GenerationRunStatus, kind: str) -> bool:
    return any(one.type == kind and one.status == "True" for one in status.conditions)


def _is_false(status: GenerationRunStatus, kind: ConditionType) -> bool:
    found = status.condition(kind)
    return found is not None and found.status == "False"


def _percent(status: GenerationRunStatus) -> int:
    return status.samples.succeeded * 100 // max(1, status.samples.desired)


def _all_shards(status: GenerationRunStatus) -> int:
    counts = status.shards
    return counts.pending + counts.active + counts.retrying + counts.succeeded + counts.failed
