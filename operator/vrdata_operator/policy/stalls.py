"""Why pods do not start: the one cause that a person should fix first. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from vrdata_operator.reasons import Reason
from vrdata_operator.state.facts import JobEvent, PodFacts
from vrdata_operator.state.rejection import Explanation

_IMAGE = frozenset({"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"})
_CONFIG = frozenset({"CreateContainerConfigError", "CreateContainerError"})


@dataclass(frozen=True, slots=True)
class Cause(Explanation):
    """Why pods do not start, with the cluster's own message."""


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
