"""Check an installation: `python -m vrdata_operator.admin.doctor`, which `helm test` runs.

Prints one line for each check; the exit code is 1 when a check fails.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from vrdata.api.profile import GenerationProfile
from vrdata.errors import VrdataError
from vrdata_operator.admin.rbac import FOR_PROFILES, FOR_RUNS, missing
from vrdata_operator.cluster import paths
from vrdata_operator.cluster.adapter import KubernetesCluster
from vrdata_operator.cluster.port import Cluster, ClusterError
from vrdata_operator.cluster.rest import Rest
from vrdata_operator.observe.stores import Stores
from vrdata_operator.policy.admission import check_storage
from vrdata_operator.settings import Settings, from_environment
from vrdata_operator.specs.pods import store_settings
from vrdata_operator.state.names import RUNS
from vrdata_operator.state.rejection import Rejection

PROFILE = "default"
OPERATOR = "app.kubernetes.io/name=vrdata,app.kubernetes.io/component=operator"
PODS = 20  # of the operator, that are read
Check = Callable[[], Awaitable[str]]


class FailedCheckError(Exception):
    """A check failed; the text says what is wrong and what to do."""


async def examine(settings: Settings, rest: Rest, cluster: Cluster, stores: Stores) -> bool:
    """Run every check and print its line; whether all succeeded."""

    async def runs_are_served() -> str:
        namespaces = settings.watch or (settings.home.namespace,)
        if await rest.get(paths.runs(namespaces[0]), RUNS, limit=1) is None:
            raise FailedCheckError("the CustomResourceDefinitions are missing: set crds.enabled")
        return f"GenerationRuns of {', '.join(settings.watch) or 'all namespaces'}"

    async def permissions_are_granted() -> str:
        home = settings.home.namespace
        # Jobs that read a catalogue run in the operator's own namespace.
        namespaces = sorted({*settings.watch, home}) if settings.watch else [""]
        wanted = [(namespace, FOR_RUNS) for namespace in namespaces] + [(home, FOR_PROFILES)]
        for namespace, permissions in wanted:
            denied = await missing(rest, permissions, namespace)
            if denied:
                place = f"in namespace {namespace}" if namespace else "in all namespaces"
                raise FailedCheckError(
                    f"the operator may not, {place}: {', '.join(denied)}: set rbac.create"
                )
        return "the operator has every permission that it needs"

    async def profile_is_usable() -> str:
        for manifest in settings.manifests():  # as the operator does when it starts
            await cluster.apply_profile(manifest)
        profile = await _profile(cluster)
        rejection = check_storage(profile, settings.home.claim)
        if rejection is not None:
            raise FailedCheckError(rejection.message)
        return profile.spec.image

    async def store_is_usable() -> str:
        storage = store_settings((await _profile(cluster)).spec.storage)
        return f"{storage.url}, mode {await stores.mode(storage)}"

    checks = {
        "runs": runs_are_served,
        "operator": lambda: _operator_is_ready(rest, settings.home.namespace),
        "permissions": permissions_are_granted,
        "profile": profile_is_usable,
        "store": store_is_usable,
    }
    return all([await _passes(name, check) for name, check in checks.items()])


async def _operator_is_ready(rest: Rest, namespace: str) -> str:
    """Its readiness probe tells whether it serves runs."""
    found = await rest.get(paths.pods(namespace), "pods", limit=PODS, labelSelector=OPERATOR)
    pods = {pod["metadata"]["name"]: pod for pod in (found or {}).get("items") or []}
    if not pods:
        raise FailedCheckError("no pod of the operator exists, so no run is served")
    waiting = sorted(name for name, pod in pods.items() if not _is_ready(pod))
    if waiting:
        raise FailedCheckError(
            f"{waiting[0]} is not ready, so no run is served: see its log, or its probe /readyz"
        )
    return ", ".join(sorted(pods))


def _is_ready(pod: dict[str, Any]) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or []
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


async def _profile(cluster: Cluster) -> GenerationProfile:
    stored = await cluster.get_profile(PROFILE)
    if stored is None:
        raise FailedCheckError(f"there is no GenerationProfile {PROFILE!r}: set defaultProfile")
    if isinstance(stored.profile, Rejection):
        raise FailedCheckError(stored.profile.message)
    return stored.profile


async def _passes(name: str, check: Check) -> bool:
    try:
        detail = await check()
    except (FailedCheckError, ClusterError, VrdataError, ValueError) as error:
        sys.stdout.write(f"FAILED {name}: {_one_line(error)}\n")
        return False
    sys.stdout.write(f"ok     {name}: {detail}\n")
    return True


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())


async def _main() -> int:
    rest = Rest()
    try:
        settings = from_environment()
        await rest.open()
        cluster = KubernetesCluster(rest, settings.home.namespace)
        return 0 if await examine(settings, rest, cluster, Stores()) else 1
    except (ClusterError, VrdataError) as error:
        sys.stdout.write(f"FAILED start: {_one_line(error)}\n")
        return 1
    finally:
        await rest.close()


if __name__ == "__main__":
    sys.exit(asyncio.run(_main()))
