"""Why is it not running: the one cause that a person should look at first. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from vrdata_operator.state.facts import JobEvent, PodFacts

_IMAGE = frozenset({"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"})
_CONFIG = frozenset({"CreateContainerConfigError", "CreateContainerError"})


@dataclass(frozen=True, slots=True)
class Cause:
    """A CamelCase reason, and the cluster's own words with what to do."""

    reason: str
    message: str


def why_waiting(pods: Iterable[PodFacts], events: Iterable[JobEvent]) -> Cause | None:
    """The cause that keeps pods from starting, or None when nothing is known to be wrong.

    Pods that exist say more than Jobs that cannot make any, so they come first.
    """
    for pod in pods:
        cause = _of_pod(pod)
        if cause is not None:
            return cause
    for event in events:
        if event.reason == "FailedCreate":
            return _of_failed_create(event.message)
    return None


def _of_pod(pod: PodFacts) -> Cause | None:
    if pod.phase != "Pending":
        return None
    if pod.reason == "Unschedulable":
        return Cause("Unschedulable", f"the scheduler says: {pod.message}")
    if pod.waiting in _IMAGE:
        return Cause(
            "ImagePullFailed",
            f"the worker image cannot be pulled: {pod.message or pod.waiting}. "
            "Fix spec.image of the profile, or give its service account imagePullSecrets",
        )
    if pod.waiting in _CONFIG:
        missing = "secret" in pod.message.lower()
        return Cause(
            "MissingSecret" if missing else "PodConfigError",
            f"the pod cannot be set up: {pod.message}"
            + (
                ". The Secret named by the profile's storage.existingSecret must be in the "
                "run's namespace"
                if missing
                else ""
            ),
        )
    return None


def _of_failed_create(message: str) -> Cause:
    lower = message.lower()
    if "exceeded quota" in lower:
        return Cause("QuotaExceeded", f"the namespace's quota allows no further pod: {message}")
    if "serviceaccount" in lower and "not found" in lower:
        return Cause(
            "MissingServiceAccount",
            f"{message}. The profile's service account must be in the run's namespace",
        )
    if "violates podsecurity" in lower:
        return Cause("PodSecurity", f"the namespace refuses the pod: {message}")
    return Cause("PodsRefused", f"the cluster refuses the pods: {message}")
