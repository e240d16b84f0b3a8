"""The generators of a worker image: listed once by a Job, kept in the store and in memory."""

from __future__ import annotations

from collections.abc import Callable

from vrdata.api.profile import GenerationProfile
from vrdata.contract.pod import termination_text
from vrdata.dataset import layout
from vrdata.dataset.reader import load_model
from vrdata.errors import InvalidInputError
from vrdata.plan.catalogue import ImageCatalogue
from vrdata.store.port import ObjectNotFoundError
from vrdata_operator.cluster.parse import JOB_LABEL
from vrdata_operator.cluster.port import Cluster
from vrdata_operator.observe.stores import Stores
from vrdata_operator.policy.stalls import why_waiting
from vrdata_operator.reasons import Reason
from vrdata_operator.specs.inputs import describe_manifest, image_digest
from vrdata_operator.specs.jobs import owner_reference
from vrdata_operator.specs.pods import store_settings
from vrdata_operator.state.rejection import Rejection

AGAIN_SECONDS = 60.0  # that a listed catalogue is missing in the store, until another Job lists it


class Catalogues:
    """Catalogues of worker images by digest.

    Args:
        namespace: the operator's own, where the Job runs.
        clock: returns seconds since the epoch.
    """

    def __init__(
        self, cluster: Cluster, stores: Stores, namespace: str, clock: Callable[[], float]
    ) -> None:
        self._clock = clock
        self._cluster = cluster
        self._stores = stores
        self._namespace = namespace
        self._known: dict[str, ImageCatalogue] = {}
        self._missing: dict[str, float] = {}  # by Job, since when

    async def of(self, profile: GenerationProfile, uid: str) -> ImageCatalogue | Rejection:
        """The image's catalogue, or why it is not known yet.

        Args:
            uid: of the profile, which owns the Job that describes the image.

        Raises:
            VrdataError: the store cannot be used.
            ClusterError: the API server refuses the Job.
        """
        key = layout.catalogue_key(image_digest(profile.spec.image), profile.spec.catalogue)
        if key in self._known:
            return self._known[key]
        found = await self._read(profile, key) or await self._list_in_job(profile, uid, key)
        if isinstance(found, ImageCatalogue):
            self._known[key] = found
        return found

    async def _read(self, profile: GenerationProfile, key: str) -> ImageCatalogue | None:
        root = self._stores.root(store_settings(profile.spec.storage))
        try:
            return await self._stores.call(lambda: load_model(root, key, ImageCatalogue))
        except ObjectNotFoundError:
            return None
        except InvalidInputError:  # it is damaged, so it is listed again
            await self._stores.call(lambda: root.delete(key))
            return None

    async def _delete_old(self, job: str) -> None:
        """Delete a Job whose catalogue has been missing for a while; the next turn creates it."""
        if self._clock() - self._missing.setdefault(job, self._clock()) > AGAIN_SECONDS:
            await self._cluster.delete_job(self._namespace, job)
            del self._missing[job]

    async def _list_in_job(
        self, profile: GenerationProfile, uid: str, key: str
    ) -> ImageCatalogue | Rejection:
        owner = owner_reference("GenerationProfile", profile.metadata.name, uid)
        manifest = describe_manifest(self._namespace, profile.spec, owner)
        name = manifest["metadata"]["name"]
        job = await self._cluster.get_job(self._namespace, name)
        if job is None:
            await self._cluster.apply_job(manifest)
            return _RUNNING
        if job.succeeded:  # perhaps after the store was read
            catalogue = await self._read(profile, key)
            if catalogue is None:
                await self._delete_old(name)
            return catalogue or _unreadable(
                profile,
                name,
                self._namespace,
                f"it is not at {key}; do the workers and the operator use the same storage?",
            )
        if job.finished:
            pods = await self._cluster.failed_pods(self._namespace, name)
            texts = (termination_text(pod.termination_message) for pod in pods)
            detail = next(filter(None, texts), job.message)
            return _unreadable(profile, name, self._namespace, detail)
        pods = await self._cluster.waiting_pods(self._namespace, f"{JOB_LABEL}={name}")
        cause = why_waiting(pods, await self._cluster.warnings(self._namespace, name))
        if cause is None:
            return _RUNNING
        where = f"Job {name} in namespace {self._namespace} cannot start"
        return Rejection(cause.reason, f"{where}: {cause.detail}")


_RUNNING = Rejection(Reason.READING_CATALOGUE)


def _unreadable(profile: GenerationProfile, job: str, namespace: str, detail: str) -> Rejection:
    return Rejection(
        Reason.CATALOGUE_UNREADABLE,
        f"Job {job} in namespace {namespace} runs image {profile.spec.image}: {detail}",
    )
