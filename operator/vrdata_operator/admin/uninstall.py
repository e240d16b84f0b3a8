"""Prepare `helm uninstall`: `python -m vrdata_operator.admin.uninstall`, which a hook runs.

Without an operator nobody removes its finalizer, and an unfinished run could never be deleted. So
this stops the operator and then removes the finalizer from all runs. Jobs continue; data is kept.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator
from typing import Any

from vrdata.errors import UsageError, VrdataError
from vrdata.text import count
from vrdata_operator.cluster import paths
from vrdata_operator.cluster.port import ClusterError
from vrdata_operator.cluster.rest import Rest
from vrdata_operator.settings import from_environment
from vrdata_operator.state.names import FINALIZER, RUNS

DEPLOYMENT = "VRDATA_DEPLOYMENT"  # the variable that names the operator's Deployment
STOP_SECONDS = 90.0  # three times a pod's grace period
POLL_SECONDS = 1.0
TRIES = 5  # of one run, when other clients change it at the same time
Json = dict[str, Any]


async def stop(rest: Rest, namespace: str, deployment: str, patience: float = STOP_SECONDS) -> bool:
    """Scale the operator to 0 replicas and wait until its pods are gone.

    Args:
        patience: seconds to wait for the pods.

    Returns:
        Whether they are gone; True when the Deployment does not exist.

    Raises:
        ClusterError: the API server rejects a request or cannot be used.
    """
    path = paths.scale(namespace, deployment)
    scale = await rest.get(path, "deployments/scale")
    if scale is None:
        return True
    await rest.merge(path, "deployments/scale", {"spec": {"replicas": 0}})
    pods, selector = paths.pods(namespace), scale["status"]["selector"]
    end = time.monotonic() + patience
    while True:
        remaining = [pod async for pod in rest.each(pods, "pods", labelSelector=selector)]
        if not any(_alive(pod) for pod in remaining):
            return True
        if time.monotonic() >= end:
            return False
        await asyncio.sleep(POLL_SECONDS)


async def release(rest: Rest, watch: tuple[str, ...]) -> int:
    """Remove the operator's finalizer from all runs. The operator must have stopped.

    Args:
        watch: namespaces of the operator's runs; empty = all.

    Returns:
        Number of runs that had the finalizer.

    Raises:
        ClusterError: the API server rejects a request or cannot be used.
    """
    released = 0
    async for run in _runs(rest, watch):
        released += await _release(rest, run)
    return released


async def _runs(rest: Rest, watch: tuple[str, ...]) -> AsyncIterator[Json]:
    for namespace in watch or ("",):
        async for run in rest.each(paths.runs(namespace), RUNS):
            yield run


async def _release(rest: Rest, run: Json | None) -> bool:
    for _ in range(TRIES):
        if run is None or FINALIZER not in run["metadata"].get("finalizers", ()):
            return False
        metadata = run["metadata"]
        path = paths.ours(metadata["namespace"], RUNS, metadata["name"])
        change = {
            "finalizers": [one for one in metadata["finalizers"] if one != FINALIZER],
            "resourceVersion": metadata["resourceVersion"],
        }
        try:
            await rest.merge(path, RUNS, {"metadata": change})
        except ClusterError as error:
            if error.code not in {404, 409}:
                raise
            run = await rest.get(path, RUNS)
        else:
            return True
    raise ClusterError(409, f"other clients keep changing {path}")


def _alive(pod: Json) -> bool:
    return (pod.get("status") or {}).get("phase") not in {"Succeeded", "Failed"}


async def _main() -> int:
    rest = Rest()
    try:
        settings, deployment = from_environment(), os.environ.get(DEPLOYMENT, "")
        if not deployment:
            raise UsageError(f"{DEPLOYMENT} is not set", fix="set it to the operator's Deployment")
        await rest.open()
        if not await stop(rest, settings.home.namespace, deployment):
            sys.stdout.write("the operator's pod still exists; continuing anyway\n")
        released = await release(rest, settings.watch)
    except (ClusterError, VrdataError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    finally:
        await rest.close()
    sys.stdout.write(
        f"removed the finalizer from {count(released, 'run')}; Jobs continue, data is kept\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(_main()))
