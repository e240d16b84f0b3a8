"""Job manifests of what a plan needs: the catalogue of an image, the sources of a run. Pure."""

from __future__ import annotations

from typing import Any

from vrdata.api.profile import GenerationProfileSpec
from vrdata.api.quantities import parse_quantity
from vrdata.contract.pod import DescribePod, PodTask, ResolvePod
from vrdata_operator.specs.jobs import job_object, run_labels, without_gpu
from vrdata_operator.specs.pods import PodSize, pod_template, store_settings
from vrdata_operator.state import names
from vrdata_operator.state.identity import RunIdentity

DESCRIBE_SECONDS = 3600  # deadline of the Job, and how long a finished one is kept
DESCRIBE_RETRIES = 3
RESOLVE_SECONDS = 6 * 3600  # deadline of a Job: a source of 10^4 tables takes minutes


def describe_manifest(
    namespace: str, profile: GenerationProfileSpec, owner: dict[str, Any]
) -> dict[str, Any]:
    """The Job that lists the generators of the profile's image; owned by the profile.

    Its name is a hash of its spec, so a changed profile gets a new Job.
    """
    resources = without_gpu(profile.classes.O)
    task = PodTask(
        describe=DescribePod(
            store=store_settings(profile.storage),
            image_digest=image_digest(profile.image),
            catalogue=profile.catalogue,
        )
    )
    spec = {
        "backoffLimit": DESCRIBE_RETRIES,
        "activeDeadlineSeconds": DESCRIBE_SECONDS,
        "ttlSecondsAfterFinished": DESCRIBE_SECONDS,
        "template": pod_template(
            profile, task, PodSize(resources, int(parse_quantity(resources.memory))), {}
        ),
    }
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": names.describe_job(spec),
            "namespace": namespace,
            "labels": names.COMMON_LABELS | {names.TASK_LABEL: "describe"},
            "ownerReferences": [owner],
        },
        "spec": spec,
    }


def image_digest(image: str) -> str:
    """`sha256:…` of an image by digest. Raises ValueError for another image name."""
    _, at, digest = image.partition("@")
    if not at:
        raise ValueError(f"{image} has no digest")
    return digest


def resolve_manifest(
    run: RunIdentity,
    profile: GenerationProfileSpec,
    pod: ResolvePod,
    number: int,
    memory_bytes: int,
) -> dict[str, Any]:
    """The Job that pins the sources of a run. It retries nothing: another try is another Job.

    Args:
        run: the owner.
        profile: image, storage and sources.
        pod: the task.
        number: of the try, from 0; part of the Job's name.
        memory_bytes: limit of the pod.
    """
    size = PodSize(without_gpu(profile.classes.M), memory_bytes)
    task = PodTask(resolve=pod)
    spec = {
        "backoffLimit": 0,
        "activeDeadlineSeconds": RESOLVE_SECONDS,
        "template": pod_template(profile, task, size, run_labels(run), reads_sources=True),
    }
    name = names.resolve_job(run.uid, number)
    return job_object(run, name, {names.TASK_LABEL: "resolve"}, spec)
