"""What a profile's image holds: asked once by a Job, remembered in the store and here."""

from __future__ import annotations

from typing import Any

from vrdata.api.profile import GenerationProfile
from vrdata.dataset import layout
from vrdata.dataset.reader import load_model
from vrdata.plan.catalogue import ImageCatalogue
from vrdata.store.port import ObjectNotFoundError
from vrdata_operator.accept import Rejection
from vrdata_operator.cluster.port import Cluster
from vrdata_operator.jobs import describe_manifest, image_digest, owner_reference
from vrdata_operator.names import describe_job
from vrdata_operator.pods import store_settings
from vrdata_operator.stores import Stores
from vrdata_operator.waiting import why_waiting

JOB_NAME = "batch.kubernetes.io/job-name"


class Catalogues:
    """Catalogues of worker images by digest.

    Args:
        namespace: the operator's own, where the asking Job runs.
    """

    def __init__(self, cluster: Cluster, stores: Stores, namespace: str) -> None:
        self._cluster = cluster
        self._stores = stores
        self._namespace = namespace
        self._known: dict[str, ImageCatalogue] = {}

    async def of(
        self, profile: GenerationProfile, manifest: dict[str, Any]
    ) -> ImageCatalogue | Rejection:
        """The image's catalogue, or why it is not known yet.

        Args:
            manifest: the profile's object, which owns the asking Job.

        Raises:
            VrdataError: the store cannot be used.
            ClusterError: the API server refuses the Job.
        """
        digest = image_digest(profile.spec.image)
        if digest in self._known:
            return self._known[digest]
        root = self._stores.root(store_settings(profile.spec.storage))
        key = layout.catalogue_key(digest)
        try:
            found = await self._stores.call(lambda: load_model(root, key, ImageCatalogue))
        except ObjectNotFoundError:
            return await self._ask(profile, manifest, digest)
        self._known[digest] = found
        return found

    async def _ask(
        self, profile: GenerationProfile, manifest: dict[str, Any], digest: str
    ) -> Rejection:
        name = describe_job(digest)
        job = await self._cluster.get_job(self._namespace, name)
        if job is None:
            metadata = manifest["metadata"]
            owner = owner_reference("GenerationProfile", metadata["name"], metadata["uid"])
            await self._cluster.apply_job(describe_manifest(self._namespace, profile.spec, owner))
            return Rejection("ReadingCatalogue", "asking the image which generators it holds")
        pods = await self._cluster.troubled_pods(self._namespace, f"{JOB_NAME}={name}")
        if job.finished and not job.succeeded:
            words = next((pod.words for pod in pods if pod.words), job.message)
            return Rejection(
                "CatalogueUnreadable",
                f"the image {profile.spec.image} did not say which generators it holds: {words}. "
                f"See Job {name} in namespace {self._namespace}; remove it to ask again",
            )
        if job.finished:  # it answered in another profile's storage, or its answer is gone
            await self._cluster.delete_job(self._namespace, name)
            return Rejection("ReadingCatalogue", "asking the image again for this storage")
        cause = why_waiting(pods, await self._cluster.warnings(self._namespace, name))
        if cause is not None:
            return Rejection(
                cause.reason,
                f"Job {name} in namespace {self._namespace} cannot start: {cause.message}",
            )
        return Rejection("ReadingCatalogue", "asking the image which generators it holds")
