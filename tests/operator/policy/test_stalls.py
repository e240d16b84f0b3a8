"""Why pods do not start: one reason, the cluster's own message, and a fix."""

from __future__ import annotations

import pytest

from vrdata_operator.cluster.parse import job_event, pod_facts
from vrdata_operator.policy.stalls import why_waiting
from vrdata_operator.state.facts import JobEvent, PodFacts

NO_GPU = "0/3 nodes are available: 3 Insufficient nvidia.com/gpu."


def pod(*, conditions: object = (), waiting: object = None, phase: str = "Pending") -> PodFacts:
    """A pod as the API server returns it."""
    statuses = [{"state": {"waiting": waiting}}] if waiting else []
    status = {"phase": phase, "conditions": conditions, "containerStatuses": statuses}
    return pod_facts({"metadata": {"name": "p", "labels": {}}, "status": status})


def unschedulable(words: str) -> PodFacts:
    found = {
        "type": "PodScheduled",
        "status": "False",
        "reason": "Unschedulable",
        "message": words,
    }
    return pod(conditions=[found])


def test_an_unschedulable_pod_quotes_the_scheduler() -> None:
    cause = why_waiting([unschedulable(NO_GPU)], [])
    assert cause is not None
    assert cause.reason == "Unschedulable"
    assert NO_GPU in cause.message


@pytest.mark.parametrize("reason", ["ErrImagePull", "ImagePullBackOff", "InvalidImageName"])
def test_an_image_that_cannot_be_pulled_names_the_profile(reason: str) -> None:
    words = "manifest for worker@sha256:0 not found"
    cause = why_waiting([pod(waiting={"reason": reason, "message": words})], [])
    assert cause is not None
    assert cause.reason == "ImagePullFailed"
    assert words in cause.message
    assert "spec.image" in cause.message
    assert "imagePullSecrets" in cause.message


def test_a_missing_secret_names_the_namespace_that_needs_it() -> None:
    waiting = {"reason": "CreateContainerConfigError", "message": 'secret "keys" not found'}
    cause = why_waiting([pod(waiting=waiting)], [])
    assert cause is not None
    assert cause.reason == "MissingSecret"
    assert '"keys"' in cause.message
    assert "existingSecret" in cause.message
    assert "run's namespace" in cause.message


def test_another_configuration_error_is_not_a_missing_secret() -> None:
    waiting = {"reason": "CreateContainerConfigError", "message": "image will run as root"}
    cause = why_waiting([pod(waiting=waiting)], [])
    assert cause is not None
    assert cause.reason == "PodConfigError"
    assert "existingSecret" not in cause.message


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ('pods "x" is forbidden: exceeded quota: small, used: pods=2', "QuotaExceeded"),
        ('pods "x" is forbidden: serviceaccount "writer" not found', "MissingServiceAccount"),
        ('pods "x" is forbidden: violates PodSecurity "restricted"', "PodSecurity"),
        ("admission webhook denied the request", "PodsRefused"),
    ],
)
def test_pods_that_cannot_be_created_have_a_reason(message: str, reason: str) -> None:
    event = job_event(
        {"involvedObject": {"name": "job"}, "reason": "FailedCreate", "message": message}
    )
    cause = why_waiting([], [event])
    assert cause is not None
    assert cause.reason == reason
    assert message in cause.message


def test_existing_pods_take_precedence_over_jobs_that_create_none() -> None:
    event = JobEvent("job", "FailedCreate", "exceeded quota")
    cause = why_waiting([unschedulable("no node")], [event])
    assert cause is not None
    assert cause.reason == "Unschedulable"


def test_starting_and_failed_pods_are_not_a_cause_of_waiting() -> None:
    starting = pod(waiting={"reason": "ContainerCreating"})
    failed = pod(phase="Failed", waiting={"reason": "ImagePullBackOff"})
    other = JobEvent("job", "BackoffLimitExceeded", "x")
    assert why_waiting([starting, failed], [other]) is None
