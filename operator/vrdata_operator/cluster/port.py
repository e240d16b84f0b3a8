"""The requests that the operator sends to a cluster."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Protocol

from vrdata_operator.state.facts import JobEvent, JobFacts, PodFacts
from vrdata_operator.state.stored import StoredProfile, StoredRun
from vrdata_operator.status.events import RunEvent


class ClusterError(Exception):
    """The API server refused a request or could not be reached.

    Attributes:
        code: HTTP status; 0 when there was no answer.
        message: the server's own message.
    """

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"{code}: {message}" if code else message)
        self.code = code
        self.message = message


class Cluster(Protocol):
    """The few things that reconciliation needs; every method may raise ClusterError."""

    async def get_run(self, namespace: str, name: str) -> StoredRun | None:
        """The GenerationRun, or None."""
        ...

    async def get_profile(self, name: str) -> StoredProfile | None:
        """The GenerationProfile of the operator's namespace, or None."""
        ...

    async def apply_profile(self, manifest: dict[str, Any]) -> None:
        """Create the profile, or restore the fields of the manifest."""
        ...

    async def list_jobs(self, namespace: str, uid: str) -> dict[str, JobFacts]:
        """Jobs of a run, by name."""
        ...

    async def get_job(self, namespace: str, name: str) -> JobFacts | None:
        """One Job, or None."""
        ...

    async def apply_job(self, manifest: dict[str, Any]) -> None:
        """Create a Job, or change its mutable fields, by server-side apply."""
        ...

    async def reshape_job(
        self, namespace: str, name: str, *, parallelism: int, suspend: bool | None
    ) -> None:
        """Change a Job's parallelism and suspension; None does not change the suspension."""
        ...

    async def delete_job(self, namespace: str, name: str) -> None:
        """Delete a Job and its pods; a missing one is not an error."""
        ...

    async def waiting_pods(self, namespace: str, selector: str) -> tuple[PodFacts, ...]:
        """Pods that do not run yet, at most a few hundred: they wait for the same cause."""
        ...

    async def unreachable_pods(self, namespace: str, selector: str) -> tuple[PodFacts, ...]:
        """Running pods that are deleted, or whose node does not say that they run."""
        ...

    async def failed_pods(
        self, namespace: str, job: str, indexes: Collection[int] = ()
    ) -> tuple[PodFacts, ...]:
        """The failed pods of one Job: those of these completion indexes; of none = all."""
        ...

    async def warnings(self, namespace: str, job: str) -> tuple[JobEvent, ...]:
        """Warnings about one Job, the latest first."""
        ...

    async def apply_status(self, namespace: str, name: str, status: dict[str, Any]) -> None:
        """Set a run's whole status."""
        ...

    async def post_event(self, run: StoredRun, event: RunEvent) -> None:
        """Write an event on a run."""
        ...

    async def delete_run(self, namespace: str, name: str, uid: str) -> None:
        """Delete the run with this UID; a missing one is not an error."""
        ...
