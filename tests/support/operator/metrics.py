"""Metrics of an operator with every kind of series."""

from __future__ import annotations

from support.operator.failures import failed_attempt
from vrdata.api.status import GenerationRunStatus
from vrdata.contract.reasons import FailureReason
from vrdata.dataset.codec import describe_records
from vrdata.dataset.manifest import Attempt, DataObject, ShardManifest
from vrdata_operator.metrics.counters import Metrics
from vrdata_operator.state.stored import StoredRun

MOMENT = "2026-01-01T00:00:00Z"


def served_metrics(metrics: Metrics | None = None, samples: int = 10) -> Metrics:
    """Metrics of an operator with one run; given `metrics`, the same at a later time."""
    served = metrics or Metrics()
    served.turn("ok", 0.05)
    served.kube_request("get", "generationruns", 200, 0.02)
    served.store_request("list", "ok", 0.02)
    counts = {"desired": 100, "succeeded": samples, "failed": 1}
    condition = {"type": "Stalled", "status": "True", "reason": "Unschedulable"}
    status = GenerationRunStatus.model_validate(
        {
            "phase": "Running",
            "bytes": samples * 1000,
            "classes": [{"name": name, "samples": counts} for name in "OG"],
            "conditions": [condition | {"lastTransitionTime": MOMENT}],
            "startTime": MOMENT,
            "estimatedCompletionTime": MOMENT,
        }
    )
    metadata = {"namespace": "team", "name": "demo", "uid": "1", "creationTimestamp": MOMENT}
    spec = {"samples": 100, "generators": [{"name": "O-maze"}]}
    body = {"metadata": metadata, "spec": spec, "status": status.to_dict()}
    served.runs.set(StoredRun.parse(body))
    for name, generator in (("O", "O-maze"), ("G", "G-pendulum")):
        served.shard_committed(name, _marker(generator))
        served.shard_failed(name, failed_attempt((generator, 0), 0, FailureReason.OUT_OF_MEMORY))
    return served


def _marker(generator: str) -> ShardManifest:
    data = DataObject(key="shards/x.tar", size=1000, sha256="0" * 64)
    return ShardManifest(
        plan="sha256:0",
        generator=generator,
        digest="sha256:0",
        shard=0,
        start=0,
        stop=10,
        format="webdataset",
        archive=data,
        samples=0,
        attempt=Attempt(seconds=20.0, cpu_seconds=18.0, peak_memory_bytes=2**28),
        records=describe_records(()),
    )
