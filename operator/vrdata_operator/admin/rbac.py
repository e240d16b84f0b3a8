"""What the operator may do in a cluster: the list that its doctor asks for.

A test holds it equal to the rules in the chart; another holds those equal to what is used.
"""

from __future__ import annotations

from typing import Any, Protocol

from vrdata_operator.state.names import GROUP, PROFILES, RUNS

REVIEWS = "selfsubjectaccessreviews"
_PATH = f"/apis/authorization.k8s.io/v1/{REVIEWS}"

Right = tuple[str, str, str]  # API group, resource, verb


def _rights(group: str, resource: str, verbs: str) -> frozenset[Right]:
    return frozenset((group, resource, verb) for verb in verbs.split())


FOR_RUNS = frozenset().union(
    _rights(GROUP, RUNS, "get list watch patch delete"),
    _rights(GROUP, f"{RUNS}/status", "patch"),
    _rights(GROUP, f"{RUNS}/finalizers", "update"),
    _rights(GROUP, f"{PROFILES}/finalizers", "update"),
    _rights("batch", "jobs", "get list watch create patch delete"),
    _rights("", "pods", "list"),
    _rights("", "events", "list create"),
)
FOR_PROFILES = _rights(GROUP, PROFILES, "get create patch")


class Reviewer(Protocol):
    """The one request that is needed; `cluster.rest.Rest` has it."""

    async def create(self, path: str, resource: str, body: dict[str, Any]) -> dict[str, Any]:
        """Make an object; returns it as the server made it."""
        ...


async def missing(server: Reviewer, wanted: frozenset[Right], namespace: str) -> list[str]:
    """Those of the wanted rights that this account lacks, as `verb resource`.

    Every account may ask this about itself (ClusterRole system:basic-user).

    Args:
        server: who is asked.
        wanted: one request is sent for each.
        namespace: where; empty means in all.

    Raises:
        ClusterError: the server does not answer.
    """
    found = []
    for group, resource, verb in sorted(wanted):
        name, _, part = resource.partition("/")
        asked = {"group": group, "resource": name, "subresource": part, "verb": verb}
        body = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": asked | {"namespace": namespace}},
        }
        review = await server.create(_PATH, REVIEWS, body)
        if not review["status"]["allowed"]:
            found.append(f"{verb} {resource}")
    return found
