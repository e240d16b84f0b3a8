"""Objects that pods and Jobs leave in a fake cluster, and what their pods are told."""

from __future__ import annotations

from typing import Any, get_args

from vrdata.contract.pod import VARIABLE, WAIT_VARIABLE, PodTask
from vrdata_operator.state.facts import Task
from vrdata_operator.state.names import TASK_LABEL

Json = dict[str, Any]


def pod_object(
    job: Json, name: str, index: int | None, labels: Json, ended: Json | None = None
) -> Json:
    """A pod of a Job: failed with the state `ended`, or pending without one."""
    own = {"batch.kubernetes.io/job-name": job["metadata"]["name"]}
    if index is not None:
        own["batch.kubernetes.io/job-completion-index"] = str(index)
    status: Json = {"phase": "Failed" if ended else "Pending"}
    if ended:
        status["containerStatuses"] = [{"state": {"terminated": ended}}]
    metadata = {"name": name, "namespace": job["metadata"]["namespace"], "labels": labels | own}
    return {"metadata": metadata, "status": status}


def task_of(job: Json) -> PodTask:
    """What the pods of a Job are told to do."""
    variables = job["spec"]["template"]["spec"]["containers"][0]["env"]
    text = next(item["value"] for item in variables if item["name"] == VARIABLE)
    task = PodTask.model_validate_json(text)
    assert job["metadata"]["labels"][TASK_LABEL] in get_args(Task)
    return task


def waits(job: Json) -> bool:
    """Whether a pod that finalises waits for the last shards."""
    variables = job["spec"]["template"]["spec"]["containers"][0]["env"]
    return any(item["name"] == WAIT_VARIABLE for item in variables)


def has_ended(job: Json) -> bool:
    return bool(job["status"].get("conditions"))


def end(job: Json, kind: str, reason: str, message: str = "") -> None:
    found = {"type": kind, "status": "True", "reason": reason, "message": message}
    job["status"] |= {"active": 0, "ready": 0, "conditions": [found]}
