"""Paths of the API that the operator uses. Pure."""

from __future__ import annotations

from vrdata_operator.state.names import GROUP, RUNS, VERSION

OURS = f"/apis/{GROUP}/{VERSION}"


def ours(namespace: str, plural: str, name: str) -> str:
    """One run or profile."""
    return f"{OURS}/namespaces/{namespace}/{plural}/{name}"


def runs(namespace: str = "") -> str:
    """The runs of a namespace, or of all."""
    return f"{OURS}/namespaces/{namespace}/{RUNS}" if namespace else f"{OURS}/{RUNS}"


def jobs(namespace: str) -> str:
    """The Jobs of a namespace."""
    return f"/apis/batch/v1/namespaces/{namespace}/jobs"


def pods(namespace: str) -> str:
    """The pods of a namespace."""
    return f"/api/v1/namespaces/{namespace}/pods"


def events(namespace: str) -> str:
    """The events of a namespace."""
    return f"/api/v1/namespaces/{namespace}/events"


def scale(namespace: str, deployment: str) -> str:
    """How many pods a Deployment has."""
    return f"/apis/apps/v1/namespaces/{namespace}/deployments/{deployment}/scale"
