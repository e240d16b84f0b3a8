"""Objects of the Kubernetes API as facts. Pure."""

from __future__ import annotations

from typing import Any, cast

from vrdata.api.quantities import parse_quantity
from vrdata_operator.state.facts import JobEvent, JobFacts, PodFacts, Task, index_set
from vrdata_operator.state.names import (
    CHARGED_ANNOTATION,
    TASK_LABEL,
    WAVE_LABEL,
    WAVES_ANNOTATION,
)
from vrdata_operator.state.time import seconds

INDEX_LABEL = "batch.kubernetes.io/job-completion-index"
JOB_LABEL = "batch.kubernetes.io/job-name"
Json = dict[str, Any]


def job_facts(job: Json) -> JobFacts:
    """What matters of a Job."""
    metadata, spec, status = job["metadata"], job["spec"], job.get("status") or {}
    labels = metadata.get("labels") or {}
    wave = labels.get(WAVE_LABEL)
    terminal = _terminal(status)
    return JobFacts(
        name=metadata["name"],
        task=cast("Task", labels.get(TASK_LABEL, "shard")),
        wave=int(wave) if wave is not None else None,
        parallelism=int(spec.get("parallelism", 0)),
        suspended=bool(spec.get("suspend", False)),
        active=int(status.get("active", 0)),
        ready=int(status.get("ready", 0)),
        terminating=int(status.get("terminating") or 0),
        completed=index_set(status.get("completedIndexes")),
        failed=index_set(status.get("failedIndexes")),
        finished=terminal is not None,
        succeeded=terminal is not None and terminal["type"] == "Complete",
        reason=terminal.get("reason", "") if terminal else "",
        message=terminal.get("message", "") if terminal else "",
        owner_uid=_controller(metadata),
        ended=_time(terminal),
        memory=_memory(spec),
        waves=_whole(metadata, WAVES_ANNOTATION),
        charged=_whole(metadata, CHARGED_ANNOTATION) or 0,
    )


def pod_facts(pod: Json) -> PodFacts:
    """What matters of a pod."""
    metadata, status = pod["metadata"], pod.get("status") or {}
    labels = metadata.get("labels") or {}
    state = next(iter(status.get("containerStatuses") or [{}])).get("state") or {}
    waiting, ended = state.get("waiting") or {}, state.get("terminated") or {}
    # The cause of a pod that waits, or that was interrupted.
    cause = _condition(status, "PodScheduled", "False") or _condition(status, "DisruptionTarget")
    phase = status.get("phase", "Pending")
    index = labels.get(INDEX_LABEL)
    return PodFacts(
        name=metadata["name"],
        job=labels.get(JOB_LABEL, ""),
        index=int(index) if index is not None else None,
        phase=phase,
        reason=cause.get("reason") or status.get("reason", ""),
        message=cause.get("message") or waiting.get("message") or status.get("message", ""),
        waiting=waiting.get("reason", ""),
        terminated=ended.get("reason", ""),
        exit_code=ended.get("exitCode"),
        termination_message=ended.get("message", ""),
        disrupted=bool(_condition(status, "DisruptionTarget")),
        ended=ended.get("finishedAt") or metadata.get("deletionTimestamp") or "",
        node=(pod.get("spec") or {}).get("nodeName", ""),
        ready=bool(_condition(status, "Ready")),
        terminating="deletionTimestamp" in metadata and phase not in {"Failed", "Succeeded"},
    )


def job_event(event: Json) -> JobEvent:
    """What matters of an event about a Job."""
    return JobEvent(
        event["involvedObject"]["name"], event.get("reason", ""), event.get("message", "")
    )


def _terminal(status: Json) -> Json | None:
    for condition in status.get("conditions") or []:
        if condition["type"] in {"Complete", "Failed"} and condition["status"] == "True":
            return cast("Json", condition)
    return None


def _time(condition: Json | None) -> float | None:
    try:
        return seconds(str((condition or {})["lastTransitionTime"]))
    except (KeyError, ValueError):
        return None


def _memory(spec: Json) -> int:
    """The memory limit of the Job's pods in bytes; 0 for one that the operator did not write."""
    pod = (spec.get("template") or {}).get("spec") or {}
    container: Json = next(iter(pod.get("containers") or []), {})
    limit = ((container.get("resources") or {}).get("limits") or {}).get("memory", "")
    try:
        return int(parse_quantity(str(limit)))
    except ValueError:
        return 0


def _whole(metadata: Json, annotation: str) -> int | None:
    """A number that the operator wrote; a user may have edited it."""
    text = str((metadata.get("annotations") or {}).get(annotation, ""))
    return int(text) if text.isdecimal() else None


def _condition(status: Json, kind: str, value: str = "True") -> Json:
    """The condition of this type, if it has this status; else empty."""
    for one in status.get("conditions") or []:
        if one["type"] == kind and one["status"] == value:
            return cast("Json", one)
    return {}


def _controller(metadata: Json) -> str:
    for owner in metadata.get("ownerReferences") or []:
        if owner.get("controller"):
            return str(owner["uid"])
    return ""
