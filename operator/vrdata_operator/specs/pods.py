"""Pod template of workers: restricted, without an API token, sized by class. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, get_args

from vrdata.api.profile import ClassResources, GenerationProfileSpec, Storage
from vrdata.contract.pod import VARIABLE, PodTask
from vrdata.contract.worker import StoreSettings
from vrdata_operator.state.facts import Task
from vrdata_operator.state.names import COMMON_LABELS, TASK_LABEL

USER = 65532
DATA = "/data"  # mount path of the PersistentVolumeClaim in workers and in the operator
CONTAINER = "worker"
GRACE_SECONDS = 30


@dataclass(frozen=True, slots=True)
class PodSize:
    """What one pod requests: the class's resources, with this wave's memory in bytes."""

    resources: ClassResources
    memory_bytes: int


def store_settings(storage: Storage) -> StoreSettings:
    """How workers and the operator open the profile's root."""
    if storage.persistent_volume_claim:
        return StoreSettings(url=f"file://{DATA}")
    return StoreSettings(url=storage.url, endpoint=storage.endpoint, region=storage.region)


def pod_template(
    profile: GenerationProfileSpec,
    task: PodTask,
    size: PodSize,
    labels: dict[str, str],
    *,
    reads_sources: bool = False,
) -> dict[str, Any]:
    """A PodTemplateSpec for one task.

    Args:
        profile: image, storage and sources.
        task: what the pod does.
        size: what it requests.
        labels: its own, beside the common ones.
        reads_sources: give it what it needs to read sources; other pods do not get the token.
    """
    kind = next(name for name in get_args(Task) if getattr(task, name))
    resources = size.resources
    spec: dict[str, Any] = {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": GRACE_SECONDS,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": USER,
            "runAsGroup": USER,
            "fsGroup": USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [_container(profile, task, size, reads_sources=reads_sources)],
        "volumes": _volumes(profile.storage, resources.ephemeral_storage),
    }
    if profile.service_account:
        spec["serviceAccountName"] = profile.service_account
    if resources.node_selector:
        spec["nodeSelector"] = dict(resources.node_selector)
    if resources.tolerations:
        spec["tolerations"] = [
            {key: value for key, value in item.to_dict().items() if value}
            for item in resources.tolerations
        ]
    if resources.priority_class_name:
        spec["priorityClassName"] = resources.priority_class_name
    if resources.runtime_class_name:
        spec["runtimeClassName"] = resources.runtime_class_name
    return {
        "metadata": {"labels": COMMON_LABELS | {TASK_LABEL: kind} | labels},
        "spec": spec,
    }


def _container(
    profile: GenerationProfileSpec, task: PodTask, size: PodSize, *, reads_sources: bool
) -> dict[str, Any]:
    mounts = [{"name": "scratch", "mountPath": "/tmp"}]  # noqa: S108 - private to the pod
    if profile.storage.persistent_volume_claim:
        mounts.append({"name": "data", "mountPath": DATA})
    return {
        "name": CONTAINER,
        "image": profile.image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["python", "-m", "vrdata_worker.pod"],
        "env": _environment(profile.storage, task) + (_sources(profile) if reads_sources else []),
        "resources": _resources(size),
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": mounts,
    }


def _environment(storage: Storage, task: PodTask) -> list[dict[str, Any]]:
    variables: list[dict[str, Any]] = [
        {"name": VARIABLE, "value": task.to_json().decode()},
        {"name": "HOME", "value": "/tmp"},  # noqa: S108 - private to the pod
    ]
    if storage.existing_secret:
        variables += [
            _from_secret("AWS_ACCESS_KEY_ID", storage.existing_secret, storage.access_key_id_key),
            _from_secret(
                "AWS_SECRET_ACCESS_KEY", storage.existing_secret, storage.secret_access_key_key
            ),
        ]
    return variables


def _sources(profile: GenerationProfileSpec) -> list[dict[str, Any]]:
    """What reads sources: the Hub's token and URL. A bucket is one of the storage's server."""
    sources, storage = profile.sources, profile.storage
    plain = {
        "HF_ENDPOINT": sources.hub_endpoint,
        "AWS_ENDPOINT_URL_S3": storage.endpoint,
        "AWS_DEFAULT_REGION": storage.region,
    }
    found: list[dict[str, Any]] = [
        {"name": name, "value": value} for name, value in plain.items() if value
    ]
    if sources.existing_secret:
        found.append(_from_secret("HF_TOKEN", sources.existing_secret, sources.token_key))
    return found


def _from_secret(variable: str, secret: str, key: str) -> dict[str, Any]:
    return {"name": variable, "valueFrom": {"secretKeyRef": {"name": secret, "key": key}}}


def _resources(size: PodSize) -> dict[str, Any]:
    resources = size.resources
    both: dict[str, str] = {
        "memory": str(size.memory_bytes),
        "ephemeral-storage": resources.ephemeral_storage,
    }
    if resources.gpu is not None and resources.gpu.count:
        both[resources.gpu.resource] = str(resources.gpu.count)
    return {"requests": both | {"cpu": resources.cpu}, "limits": both}


def _volumes(storage: Storage, scratch: str) -> list[dict[str, Any]]:
    volumes: list[dict[str, Any]] = [{"name": "scratch", "emptyDir": {"sizeLimit": scratch}}]
    if storage.persistent_volume_claim:
        claim = {"claimName": storage.persistent_volume_claim}
        volumes.append({"name": "data", "persistentVolumeClaim": claim})
    return volumes
