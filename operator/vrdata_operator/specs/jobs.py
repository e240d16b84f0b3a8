"""Job manifests of waves and finalisation. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from vrdata.api.profile import ClassResources, GenerationProfileSpec
from vrdata.contract.pod import (
    WAIT_VARIABLE,
    FinalisePod,
    IndexPod,
    PodTask,
    ShardPod,
)
from vrdata.contract.reasons import WorkerExit
from vrdata.contract.worker import WorkerConfig
from vrdata.plan.waves import Wave
from vrdata_operator.specs.pods import PodSize, pod_template
from vrdata_operator.state import names
from vrdata_operator.state.identity import RunIdentity

# For the supervisor and its buffers; the rest of the limit is for the generator child.
SUPERVISOR_BYTES = 160 * 2**20
WAIT_SECONDS = 60  # of a pod that finalises, for the last shards


@dataclass(frozen=True, slots=True)
class Shape:
    """What may change while a Job runs: its parallelism, and whether it is suspended."""

    parallelism: int
    suspend: bool


@dataclass(frozen=True, slots=True)
class Try:
    """One try of finalisation.

    Attributes:
        number: from 0; part of the Job's name.
        memory_bytes: limit of a pod.
        waves: waves of the output now.
        charged: earlier tries that failed for a charged reason.
        parallelism: pods that may run at the same time, of a try that has several.
    """

    number: int = 0
    memory_bytes: int = 2**30
    waves: int = 0
    charged: int = 0
    parallelism: int = 1


def wave_manifest(  # noqa: PLR0913 - as the other manifests, and one of its own
    run: RunIdentity,
    profile: GenerationProfileSpec,
    wave: Wave,
    config: WorkerConfig,
    shape: Shape,
    *,
    reads_sources: bool = False,
) -> dict[str, Any]:
    """The Indexed Job of one wave; `reads_sources` = a generator of it is a converter.

    Retries are later waves, so no index of this Job is retried. The Job replaces disrupted and
    preempted pods without counting a failure, and exit code 40 fails the whole Job.
    """
    resources = profile.classes.of(wave.generator_class)
    child = max(wave.memory_bytes // 2, wave.memory_bytes - SUPERVISOR_BYTES)
    worker = config.model_copy(
        update={
            "memory_bytes": child,
            "scratch_bytes": resources.block_scratch_bytes,
            "sample_timeout_seconds": float(resources.sample_timeout_seconds),
        }
    )
    labels = {names.WAVE_LABEL: str(wave.wave), names.CLASS_LABEL: wave.generator_class}
    spec: dict[str, Any] = {
        "completionMode": "Indexed",
        "completions": wave.size,
        "parallelism": shape.parallelism,
        "backoffLimitPerIndex": 0,
        "podReplacementPolicy": "Failed",
        "podFailurePolicy": {"rules": _rules()},
        "template": pod_template(
            profile,
            PodTask(shard=ShardPod(config=worker, wave=wave.wave)),
            PodSize(resources, wave.memory_bytes),
            run_labels(run) | labels,
            reads_sources=reads_sources,
        ),
    }
    if not run.queue:  # only its queue suspends and resumes a queued Job
        spec["suspend"] = shape.suspend
    return job_object(
        run, names.wave_job(run.uid, wave.wave), labels | {names.TASK_LABEL: "shard"}, spec
    )


def index_manifest(
    run: RunIdentity,
    profile: GenerationProfileSpec,
    config: WorkerConfig,
    this: Try,
    generators: int,
) -> dict[str, Any]:
    """The Indexed Job that writes the index of each generator of a large run.

    No index is retried: another try is another Job.
    """
    spec = {
        "completionMode": "Indexed",
        "completions": generators,
        "parallelism": min(this.parallelism, generators),
        "backoffLimitPerIndex": 0,
        "podReplacementPolicy": "Failed",
        "podFailurePolicy": {"rules": _rules()},
        "template": pod_template(
            profile,
            PodTask(index=IndexPod(config=config)),
            PodSize(without_gpu(profile.classes.O), this.memory_bytes),
            run_labels(run),
        ),
    }
    name = names.index_job(run.uid, run.repair, this.number)
    return _tried(job_object(run, name, {names.TASK_LABEL: "index"}, spec), this)


def final_manifest(  # noqa: PLR0913 - as the other manifests, and two of its own
    run: RunIdentity,
    profile: GenerationProfileSpec,
    config: WorkerConfig,
    this: Try,
    budget: int,
    *,
    early: bool = False,
) -> dict[str, Any]:
    """The Job that finalises a run. It retries nothing: another try is another Job.

    Args:
        budget: samples that may have failed.
        early: the last shards are not committed yet; the pod waits for them.
    """
    size = PodSize(without_gpu(profile.classes.O), this.memory_bytes)
    task = PodTask(finalise=FinalisePod(config=config, max_failed_samples=budget))
    template = pod_template(profile, task, size, run_labels(run))
    if early:  # not in the task: a worker of an earlier version would refuse a new field
        waits = {"name": WAIT_VARIABLE, "value": str(WAIT_SECONDS)}
        template["spec"]["containers"][0]["env"].append(waits)
    spec = {"backoffLimit": 0, "template": template}
    name = names.final_job(run.uid, run.repair, this.number)
    return _tried(job_object(run, name, {names.TASK_LABEL: "finalise"}, spec), this)


def owner_reference(kind: str, name: str, uid: str) -> dict[str, Any]:
    """A controller reference to an object of the group vrdata.dev."""
    return {
        "apiVersion": f"{names.GROUP}/{names.VERSION}",
        "kind": kind,
        "name": name,
        "uid": uid,
        "controller": True,
        "blockOwnerDeletion": True,
    }


def _rules() -> list[dict[str, Any]]:
    return [
        _on_exit(WorkerExit.CONTRACT_MISMATCH, "FailJob"),
        _on_exit(WorkerExit.PREEMPTED, "Ignore"),
        {
            "action": "Ignore",
            "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}],
        },
    ]


def _on_exit(code: WorkerExit, action: str) -> dict[str, Any]:
    return {"action": action, "onExitCodes": {"operator": "In", "values": [int(code)]}}


def job_object(
    run: RunIdentity, name: str, labels: dict[str, str], spec: dict[str, Any]
) -> dict[str, Any]:
    """A Job of a run, in the run's queue if it has one."""
    queue = {names.QUEUE_LABEL: run.queue} if run.queue else {}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": name,
            "namespace": run.namespace,
            "labels": names.COMMON_LABELS | run_labels(run) | labels | queue,
            "ownerReferences": [owner_reference("GenerationRun", run.name, run.uid)],
        },
        "spec": spec,
    }


def _tried(job: dict[str, Any], this: Try) -> dict[str, Any]:
    """The Job with what the next try must know of this one."""
    job["metadata"]["annotations"] = {
        names.WAVES_ANNOTATION: str(this.waves),
        names.CHARGED_ANNOTATION: str(this.charged),
    }
    return job


def run_labels(run: RunIdentity) -> dict[str, str]:
    """Labels by which the Jobs and pods of a run are selected."""
    return {names.RUN_LABEL: run.name, names.RUN_UID_LABEL: run.uid}


def without_gpu(resources: ClassResources) -> ClassResources:
    """Resources of a pod that runs no generator."""
    return resources.model_copy(update={"gpu": None})
