"""The permissions that the operator needs, as a list that the doctor checks.

One test compares the list with the chart's roles, another the roles with the requests sent.
"""

from __future__ import annotations

from typing import Any, Protocol

from vrdata_operator.state.names import GROUP, PROFILES, RUNS

REVIEWS = "selfsubjectaccessreviews"
_PATH = f"/apis/authorization.k8s.io/v1/{REVIEWS}"

Permission = tuple[str, str, str]  # API group, resource, verb


def _permissions(group: str, resource: str, verbs: str) -> frozenset[Permission]:
    return frozenset((group, resource, verb) for verb in verbs.split())


FOR_RUNS = frozenset().union(
    _permissions(GROUP, RUNS, "get list watch patch delete"),
    _permissions(GROUP, f"{RUNS}/status", "patch"),
    _permissions(GROUP, f"{RUNS}/finalizers", "update"),
    _permissions(GROUP, f"{PROFILES}/finalizers", "update"),
    _permissions("batch", "jobs", "get list watch create patch delete"),
    _permissions("", "pods", "list"),
    _permissions("", "events", "list create"),
)
FOR_PROFILES = _permissions(GROUP, PROFILES, "get create patch")


class Reviewer(Protocol):
    """The one request that `missing` sends; `cluster.rest.Rest` implements it."""

    async def create(self, path: str, resource: str, body: dict[str, Any]) -> dict[str, Any]:
        """Create an object; returns it as the server stored it."""
        ...


async def missing(server: Reviewer, wanted: frozenset[Permission], namespace: str) -> list[str]:
    """The wanted permissions that this account does not have, as `verb resource`.

    Every account may review its own permissions (ClusterRole system:basic-user).

    Args:
        server: where to send the reviews.
        wanted: one request is sent for each.
        namespace: empty = all namespaces.

    Raises:
        ClusterError: the API server cannot be used.
    """
    denied = []
    for group, resource, verb in sorted(wanted):
        name, _, part = resource.partition("/")
        attributes = {"group": group, "resource": name, "subresource": part, "verb": verb}
        body = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": attributes | {"namespace": namespace}},
        }
        review = await server.create(_PATH, REVIEWS, body)
        if not review["status"]["allowed"]:
            denied.append(f"{verb} {resource}")
    return denied
