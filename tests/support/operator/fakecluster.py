"""A cluster in memory: the operator's port over Kubernetes objects as plain JSON.

Jobs behave as the Job controller's: Indexed, one attempt for each index, kept when they end.
Nothing happens by itself; `support.operator.fakeworkers` plays the pods.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

from vrdata_operator.cluster.parse import JOB_LABEL, job_facts, pod_facts
from vrdata_operator.cluster.port import ClusterError
from vrdata_operator.state.facts import JobEvent, JobFacts, PodFacts
from vrdata_operator.state.names import RUN_UID_LABEL
from vrdata_operator.state.stored import StoredProfile, StoredRun
from vrdata_operator.status.events import RunEvent

Json = dict[str, Any]
Key = tuple[str, str]
CREATED = "2026-11-20T08:00:00Z"


def _nothing(_step: str) -> None:
    return None


@dataclass
class FakeCluster:
    """Implements `vrdata_operator.cluster.port.Cluster`.

    Attributes:
        runs, jobs: manifests by namespace and name.
        profiles: manifests by name.
        pods: manifests; those that wait or have failed are shown.
        written: every status that was written, in order.
        events: every event that was posted.
        made: how often each Job was created.
        profile_reads: how often a profile was read.
        before, after: called around every write with its name; may raise, as a crash would.
    """

    runs: dict[Key, Json] = field(default_factory=dict)
    profiles: dict[str, Json] = field(default_factory=dict)
    jobs: dict[Key, Json] = field(default_factory=dict)
    pods: list[Json] = field(default_factory=list)
    job_warnings: list[JobEvent] = field(default_factory=list)
    written: list[Json] = field(default_factory=list)
    events: list[RunEvent] = field(default_factory=list)
    made: Counter[Key] = field(default_factory=Counter)
    profile_reads: int = 0
    before: Callable[[str], None] = _nothing
    after: Callable[[str], None] = _nothing

    def add_run(self, run: Json, uid: str) -> None:
        """As `kubectl create` would."""
        body = copy.deepcopy(run)
        body["metadata"] |= {"uid": uid, "generation": 1, "creationTimestamp": CREATED}
        self.runs[_key(body)] = body

    def patch_spec(self, namespace: str, name: str, **changes: Any) -> None:
        """As `kubectl patch` of a run's spec would."""
        body = self.runs[namespace, name]
        body["spec"] |= changes
        body["metadata"]["generation"] += 1

    def collect_garbage(self, namespace: str, name: str) -> None:
        """Delete a run without a finalizer and everything that it owns."""
        uid = self.runs.pop((namespace, name))["metadata"]["uid"]
        for key, job in list(self.jobs.items()):
            if job_facts(job).owner_uid == uid:
                del self.jobs[key]

    async def get_run(self, namespace: str, name: str) -> StoredRun | None:
        found = self.runs.get((namespace, name))
        return None if found is None else StoredRun.parse(found)

    async def get_profile(self, name: str) -> StoredProfile | None:
        self.profile_reads += 1
        found = self.profiles.get(name)
        return None if found is None else StoredProfile.parse(found)

    async def apply_profile(self, manifest: Json) -> None:
        body = copy.deepcopy(manifest)
        name = body["metadata"]["name"]
        body["metadata"]["uid"] = f"uid-of-profile-{name}"
        self.profiles[name] = body

    async def list_jobs(self, namespace: str, uid: str) -> dict[str, JobFacts]:
        return {
            name: job_facts(job)
            for (where, name), job in self.jobs.items()
            if where == namespace and job["metadata"]["labels"].get(RUN_UID_LABEL) == uid
        }

    async def get_job(self, namespace: str, name: str) -> JobFacts | None:
        found = self.jobs.get((namespace, name))
        return None if found is None else job_facts(found)

    async def apply_job(self, manifest: Json) -> None:
        self.before("apply_job")
        key = _key(manifest)
        if key not in self.jobs:
            self.made[key] += 1
            self.jobs[key] = copy.deepcopy(manifest) | {"status": {}}
        elif self.jobs[key]["spec"]["template"] != manifest["spec"]["template"]:
            raise ClusterError(422, f"Job {key[1]}: spec.template: field is immutable")
        self.after("apply_job")

    async def reshape_job(
        self, namespace: str, name: str, *, parallelism: int, suspend: bool | None
    ) -> None:
        self.before("reshape_job")
        if (namespace, name) not in self.jobs:
            raise ClusterError(404, f'jobs.batch "{name}" not found')
        spec = self.jobs[namespace, name]["spec"]
        spec["parallelism"] = parallelism
        if suspend is not None:
            spec["suspend"] = suspend
        self.after("reshape_job")

    async def delete_job(self, namespace: str, name: str) -> None:
        self.before("delete_job")
        self.jobs.pop((namespace, name), None)
        self.after("delete_job")

    async def waiting_pods(self, namespace: str, selector: str) -> tuple[PodFacts, ...]:
        label, _, value = selector.partition("=")
        return self._pods(namespace, label, value, "Pending")

    async def unreachable_pods(self, namespace: str, selector: str) -> tuple[PodFacts, ...]:
        label, _, value = selector.partition("=")
        pods = self._pods(namespace, label, value, "Running")
        return tuple(pod for pod in pods if pod.terminating or not pod.ready)

    async def failed_pods(
        self, namespace: str, job: str, indexes: Collection[int] = ()
    ) -> tuple[PodFacts, ...]:
        pods = self._pods(namespace, JOB_LABEL, job, "Failed")
        return tuple(pod for pod in pods if not indexes or pod.index in indexes)

    def _pods(self, namespace: str, label: str, value: str, phase: str) -> tuple[PodFacts, ...]:
        return tuple(
            pod_facts(pod)
            for pod in self.pods
            if pod["metadata"]["namespace"] == namespace
            and pod["metadata"]["labels"].get(label) == value
            and pod["status"]["phase"] == phase
        )

    async def warnings(self, namespace: str, job: str) -> tuple[JobEvent, ...]:
        known = (namespace, job) in self.jobs
        return tuple(event for event in self.job_warnings if known and event.job == job)

    async def apply_status(self, namespace: str, name: str, status: Json) -> None:
        self.before("apply_status")
        if (namespace, name) not in self.runs:
            raise ClusterError(404, f'generationruns "{name}" not found')
        self.runs[namespace, name]["status"] = copy.deepcopy(status)
        self.written.append(copy.deepcopy(status))
        self.after("apply_status")

    async def post_event(self, run: StoredRun, event: RunEvent) -> None:  # noqa: ARG002 - the port's
        self.before("post_event")
        self.events.append(event)
        self.after("post_event")

    async def delete_run(self, namespace: str, name: str, uid: str) -> None:
        self.before("delete_run")
        found = self.runs.get((namespace, name))
        if found is not None and found["metadata"]["uid"] != uid:
            raise ClusterError(409, "the UID in the precondition does not match")
        if found is not None:
            self.collect_garbage(namespace, name)
        self.after("delete_run")


def _key(manifest: Json) -> Key:
    return manifest["metadata"]["namespace"], manifest["metadata"]["name"]
