"""The cluster port over the Kubernetes API."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection
from typing import Any

from vrdata_operator.cluster import paths
from vrdata_operator.cluster.parse import INDEX_LABEL, JOB_LABEL, job_event, job_facts, pod_facts
from vrdata_operator.cluster.rest import PAGE, Rest
from vrdata_operator.state.facts import JobEvent, JobFacts, PodFacts
from vrdata_operator.state.names import GROUP, MANAGER, PROFILES, RUNS, VERSION, selector
from vrdata_operator.state.stored import StoredProfile, StoredRun
from vrdata_operator.status.events import RunEvent

MAX_EVENTS = 20
MAX_INDEXES = 200  # in one selector; for more, all failed pods of a Job are listed
_JOBS = "jobs"
_PODS = "pods"


class KubernetesCluster:
    """Implements `port.Cluster`.

    Args:
        rest: an open client.
        namespace: the operator's own, where profiles lie.
    """

    def __init__(self, rest: Rest, namespace: str) -> None:
        self._rest = rest
        self._namespace = namespace

    async def get_run(self, namespace: str, name: str) -> StoredRun | None:
        """See `port.Cluster`."""
        found = await self._rest.get(paths.ours(namespace, RUNS, name), RUNS)
        return None if found is None else StoredRun.parse(found)

    async def get_profile(self, name: str) -> StoredProfile | None:
        """See `port.Cluster`."""
        found = await self._rest.get(paths.ours(self._namespace, PROFILES, name), PROFILES)
        return None if found is None else StoredProfile.parse(found)

    async def apply_profile(self, manifest: dict[str, Any]) -> None:
        """See `port.Cluster`."""
        path = paths.ours(self._namespace, PROFILES, manifest["metadata"]["name"])
        await self._rest.apply(path, PROFILES, manifest, MANAGER)

    async def list_jobs(self, namespace: str, uid: str) -> dict[str, JobFacts]:
        """See `port.Cluster`."""
        items = self._rest.each(paths.jobs(namespace), _JOBS, labelSelector=selector(uid))
        jobs = [job_facts(item) async for item in items]
        return {job.name: job for job in jobs}

    async def get_job(self, namespace: str, name: str) -> JobFacts | None:
        """See `port.Cluster`."""
        found = await self._rest.get(f"{paths.jobs(namespace)}/{name}", _JOBS)
        return None if found is None else job_facts(found)

    async def apply_job(self, manifest: dict[str, Any]) -> None:
        """See `port.Cluster`."""
        metadata = manifest["metadata"]
        path = f"{paths.jobs(metadata['namespace'])}/{metadata['name']}"
        await self._rest.apply(path, _JOBS, manifest, MANAGER)

    async def reshape_job(
        self, namespace: str, name: str, *, parallelism: int, suspend: bool | None
    ) -> None:
        """See `port.Cluster`."""
        spec = {"parallelism": parallelism} | ({} if suspend is None else {"suspend": suspend})
        await self._rest.merge(f"{paths.jobs(namespace)}/{name}", _JOBS, {"spec": spec})

    async def delete_job(self, namespace: str, name: str) -> None:
        """See `port.Cluster`."""
        body = {"propagationPolicy": "Background"}
        await self._rest.delete(f"{paths.jobs(namespace)}/{name}", _JOBS, body)

    async def waiting_pods(self, namespace: str, selector: str) -> tuple[PodFacts, ...]:
        """See `port.Cluster`."""
        query = {"labelSelector": selector, "fieldSelector": "status.phase=Pending"}
        page = await self._rest.get(paths.pods(namespace), _PODS, limit=PAGE, **query)
        return tuple(map(pod_facts, (page or {}).get("items") or []))

    async def unreachable_pods(self, namespace: str, selector: str) -> tuple[PodFacts, ...]:
        """See `port.Cluster`."""
        query = {"labelSelector": selector, "fieldSelector": "status.phase=Running"}
        items = self._rest.each(paths.pods(namespace), _PODS, **query)
        pods = [pod_facts(item) async for item in items]
        return tuple(pod for pod in pods if pod.terminating or not pod.ready)

    async def failed_pods(
        self, namespace: str, job: str, indexes: Collection[int] = ()
    ) -> tuple[PodFacts, ...]:
        """See `port.Cluster`."""
        labels = f"{JOB_LABEL}={job}"
        if 0 < len(indexes) <= MAX_INDEXES:
            labels += f",{INDEX_LABEL} in ({','.join(map(str, sorted(indexes)))})"
        query = {"labelSelector": labels, "fieldSelector": "status.phase=Failed"}
        # Each page is reduced to facts immediately: 10^4 whole pods would take a hundred megabytes.
        items = self._rest.each(paths.pods(namespace), _PODS, **query)
        pods = [pod_facts(item) async for item in items]
        return tuple(pod for pod in pods if not indexes or pod.index in indexes)

    async def warnings(self, namespace: str, job: str) -> tuple[JobEvent, ...]:
        """See `port.Cluster`."""
        fields = f"involvedObject.kind=Job,involvedObject.name={job},type=Warning"
        page = await self._rest.get(
            paths.events(namespace),
            "events",
            fieldSelector=fields,
            limit=MAX_EVENTS,
        )
        items = (page or {}).get("items") or []
        items.sort(key=lambda event: event.get("lastTimestamp") or "", reverse=True)
        return tuple(map(job_event, items))

    async def apply_status(self, namespace: str, name: str, status: dict[str, Any]) -> None:
        """See `port.Cluster`."""
        body = {
            "apiVersion": f"{GROUP}/{VERSION}",
            "kind": "GenerationRun",
            "metadata": {"name": name, "namespace": namespace},
            "status": status,
        }
        path = f"{paths.ours(namespace, RUNS, name)}/status"
        await self._rest.apply(path, f"{RUNS}/status", body, MANAGER)

    async def post_event(self, run: StoredRun, event: RunEvent) -> None:
        """See `port.Cluster`."""
        now = dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        body = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {
                "name": f"{run.name[:200]}.{uuid.uuid4().hex[:16]}",
                "namespace": run.namespace,
            },
            "involvedObject": {
                "apiVersion": f"{GROUP}/{VERSION}",
                "kind": "GenerationRun",
                "name": run.name,
                "namespace": run.namespace,
                "uid": run.uid,
                "resourceVersion": run.resource_version,
            },
            "type": event.reason.kind,
            "reason": event.reason.value,
            "message": event.message[:1024],
            "source": {"component": MANAGER},
            "reportingComponent": MANAGER,
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
        }
        await self._rest.create(paths.events(run.namespace), "events", body)

    async def delete_run(self, namespace: str, name: str, uid: str) -> None:
        """See `port.Cluster`."""
        body = {"preconditions": {"uid": uid}, "propagationPolicy": "Background"}
        await self._rest.delete(paths.ours(namespace, RUNS, name), RUNS, body)
