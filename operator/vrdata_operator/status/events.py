"""Events of a run: on transitions only, with the reasons of `event_reasons`. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from vrdata.api.status import MAX_FAILURE_GROUPS, Condition, ConditionType, GenerationRunStatus
from vrdata.contract.groups import group_text
from vrdata.text import count
from vrdata_operator.event_reasons import EventReason

MAX_SIMILAR = 5  # of one kind
MAX_GROUPS = 3  # of failures in the message of one event
MAX_EVENTS = 30  # of one run in the lifetime of one operator process


@dataclass(frozen=True, slots=True)
class RunEvent:
    """An event on a run."""

    reason: EventReason
    message: str

    @property
    def kind(self) -> str:
        """Equal for events that a disturbed run may post again and again."""
        waits = self.reason is EventReason.WAITING
        return f"{self.reason}: {self.message.partition(':')[0]}" if waits else self.reason


def transitions(before: GenerationRunStatus, after: GenerationRunStatus) -> list[RunEvent]:
    """The events that a change from one status to another calls for."""
    return [
        *_accepted(before, after),
        *_work(before, after),
        *_dropped(before, after),
        *_suspension(before, after),
        *_waiting(before, after),
        *_ended(before, after),
    ]


def _accepted(before: GenerationRunStatus, after: GenerationRunStatus) -> list[RunEvent]:
    old, new = before.condition("Accepted"), after.condition("Accepted")
    if new is None or (old is not None and (old.status, old.reason) == (new.status, new.reason)):
        return []
    if new.status == "True":
        return [RunEvent(EventReason.ACCEPTED, new.message)]
    if new.status == "False":
        return [RunEvent(EventReason.REJECTED, f"{new.reason}: {new.message}")]
    return []


def _work(before: GenerationRunStatus, after: GenerationRunStatus) -> list[RunEvent]:
    found = []
    if after.waves and not before.waves:
        text = f"{count(after.samples.desired, 'sample')} in {count(_all_shards(after), 'shard')}"
        found.append(RunEvent(EventReason.STARTED, text))
    elif after.waves > before.waves:
        groups = [group_text(one, between=": ") for one in after.failures if one.shards]
        text = "; ".join(groups[:MAX_GROUPS]) or "shards are retried"
        found.append(RunEvent(EventReason.RETRYING, text))
    for quarter in (25, 50, 75):
        if _percent(before) < quarter <= _percent(after) < 100:
            found.append(RunEvent(EventReason.PROGRESS, after.progress))
            break
    if after.phase == "Finalising" != before.phase:
        found.append(RunEvent(EventReason.FINALISING, "all shards are committed"))
    return found


def _dropped(before: GenerationRunStatus, after: GenerationRunStatus) -> list[RunEvent]:
    """One event for each new group of dropped samples."""
    if len(before.failures) >= MAX_FAILURE_GROUPS:  # groups that come and go are not new
        return []
    known = {(one.generator, one.reason) for one in before.failures if one.samples}
    return [
        RunEvent(EventReason.DROPPED, group_text(one, growing=True, between=": "))
        for one in after.failures
        if one.samples and (one.generator, one.reason) not in known
    ]


def _suspension(before: GenerationRunStatus, after: GenerationRunStatus) -> list[RunEvent]:
    was, now = _is(before, "Suspended"), _is(after, "Suspended")
    if was == now or _is(after, "Finished"):
        return []
    if now:
        return [RunEvent(EventReason.SUSPENDED, "no further shard is started")]
    return [RunEvent(EventReason.RESUMED, "shards are started again")]


def _waiting(before: GenerationRunStatus, after: GenerationRunStatus) -> list[RunEvent]:
    old, new = _wait(before), _wait(after)
    if new is None or _is(after, "Finished") or _is_false(after, "Accepted"):
        return []
    if old is not None and old.reason == new.reason:
        return []
    return [RunEvent(EventReason.WAITING, f"{new.reason}: {new.message}")]


def _wait(status: GenerationRunStatus) -> Condition | None:
    """The condition that says what the run waits for, if it does."""
    stalled, progressing = status.condition("Stalled"), status.condition("Progressing")
    if stalled is not None and stalled.status == "True":
        return stalled
    if not _is(status, "Accepted") or _is(status, "Suspended"):
        return None
    return progressing if progressing is not None and progressing.status == "False" else None


def _ended(before: GenerationRunStatus, after: GenerationRunStatus) -> list[RunEvent]:
    if before.finished or not after.finished:
        return []
    end = after.condition("Succeeded")
    text = f"{end.reason}: {end.message}" if end is not None else ""
    succeeded = after.phase == "Succeeded"
    return [RunEvent(EventReason.SUCCEEDED if succeeded else EventReason.FAILED, text)]


def _is(status: GenerationRunStatus, kind: ConditionType) -> bool:
    found = status.condition(kind)
    return found is not None and found.status == "True"


def _is_false(status: GenerationRunStatus, kind: ConditionType) -> bool:
    found = status.condition(kind)
    return found is not None and found.status == "False"


def _percent(status: GenerationRunStatus) -> int:
    return status.samples.succeeded * 100 // max(1, status.samples.desired)


def _all_shards(status: GenerationRunStatus) -> int:
    counts = status.shards
    return counts.pending + counts.active + counts.retrying + counts.succeeded + counts.failed
