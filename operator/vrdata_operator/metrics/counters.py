"""Prometheus counters and histograms of one operator process.

Counters start at 0 with each process, which Prometheus handles. What happened before a process
first read a run is not counted: it would look like work to `rate`. Names: docs/metrics.md.
"""

from __future__ import annotations

import platform

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
)

from vrdata import __version__
from vrdata.api.status import GenerationRunStatus
from vrdata.contract.reasons import FailureReason
from vrdata.contract.records import FailureRecord
from vrdata.dataset.manifest import ShardManifest
from vrdata.plan.waves import CLASSES
from vrdata_operator.metrics.runs import RunCollector

OUTCOMES = ("succeeded", "failed")
REASONS = tuple(reason for reason in FailureReason if reason is not FailureReason.PREEMPTED)
LONG = tuple(float(2**power) for power in range(16))  # 1 s to 9 h
MEMORY = tuple(float(2**power) for power in range(26, 36))  # 64 MiB to 32 GiB


class Metrics:
    """All metrics of one operator process.

    Args:
        per_generator: also count samples by generator: two series for each generator.
    """

    def __init__(self, *, per_generator: bool = True) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)  # memory, CPU, open files
        self.runs = RunCollector()
        registry.register(self.runs)
        self._per_generator = per_generator
        build = Gauge(
            "vrdata_build_info",
            "Version of the operator.",
            ["version", "python"],
            registry=registry,
        )
        build.labels(__version__, platform.python_version()).set(1)
        self._reconciles = Counter(
            "vrdata_reconcile",
            "Reconciliation turns by result.",
            ["kind", "result"],
            registry=registry,
        )
        self._reconcile_seconds = Histogram(
            "vrdata_reconcile_duration_seconds",
            "Duration of one turn in seconds.",
            ["kind"],
            registry=registry,
        )
        self._kube = Counter(
            "vrdata_kube_api_requests",
            "Requests to the API server; code 0 means no response.",
            ["verb", "resource", "code"],
            registry=registry,
        )
        self._kube_seconds = Histogram(
            "vrdata_kube_api_request_duration_seconds",
            "Duration of one request to the API server in seconds.",
            ["verb"],
            registry=registry,
        )
        self._storage = Counter(
            "vrdata_storage_requests",
            "Requests to the object store.",
            ["operation", "code"],
            registry=registry,
        )
        self._storage_seconds = Histogram(
            "vrdata_storage_request_duration_seconds",
            "Duration of one request to the object store in seconds.",
            ["operation"],
            registry=registry,
        )
        self._samples = Counter(
            "vrdata_samples",
            "Samples of committed shards by outcome.",
            ["generator_class", "outcome"],
            registry=registry,
        )
        self._generator_samples = Counter(
            "vrdata_generator_samples",
            "Samples of committed shards by generator and outcome.",
            ["generator", "outcome"],
            registry=registry,
        )
        self._shards = Counter(
            "vrdata_shards",
            "Committed shards (succeeded) and failed attempts (failed).",
            ["generator_class", "outcome"],
            registry=registry,
        )
        self._failures = Counter(
            "vrdata_shard_failures",
            "Failed attempts of shards by reason.",
            ["generator_class", "reason"],
            registry=registry,
        )
        self._differences = Counter(
            "vrdata_nondeterministic_shards",
            "Shards that were generated twice with different bytes.",
            ["generator_class"],
            registry=registry,
        )
        self._shard_seconds = Histogram(
            "vrdata_shard_duration_seconds",
            "Duration of committed attempts in seconds.",
            ["generator_class"],
            buckets=LONG,
            registry=registry,
        )
        self._memory = Histogram(
            "vrdata_shard_peak_memory_bytes",
            "Peak resident memory of the generator in committed attempts.",
            ["generator_class"],
            buckets=MEMORY,
            registry=registry,
        )
        self._bytes = Counter(
            "vrdata_output_bytes",
            "Bytes of committed data objects.",
            ["generator_class"],
            registry=registry,
        )
        self._cpu = Counter(
            "vrdata_cpu_seconds",
            "CPU time of generators in committed attempts in seconds.",
            ["generator_class"],
            registry=registry,
        )
        self._ended = Counter(
            "vrdata_runs", "Runs that ended, by outcome.", ["outcome"], registry=registry
        )
        self._zero()

    def _zero(self) -> None:
        """Create known series with the value 0, so that `rate` sees their first increase."""
        for name in CLASSES:
            for outcome in OUTCOMES:
                self._samples.labels(name, outcome)
                self._shards.labels(name, outcome)
            for reason in REASONS:
                self._failures.labels(name, reason.value)
            self._differences.labels(name)
            for metric in (self._shard_seconds, self._memory, self._bytes, self._cpu):
                metric.labels(name)
        for outcome in OUTCOMES:
            self._ended.labels(outcome)
        for result in ("ok", "error"):
            self._reconciles.labels("run", result)

    def kube_request(self, verb: str, resource: str, code: int, took: float) -> None:
        """Count a request to the API server."""
        self._kube.labels(verb, resource, str(code)).inc()
        self._kube_seconds.labels(verb).observe(took)

    def store_request(self, operation: str, code: str, took: float) -> None:
        """Count a request to the object store."""
        self._storage.labels(operation, code).inc()
        self._storage_seconds.labels(operation).observe(took)

    def turn(self, result: str, took: float) -> None:
        """Count a turn of reconciliation."""
        self._reconciles.labels("run", result).inc()
        self._reconcile_seconds.labels("run").observe(took)

    def shard_committed(self, generator_class: str, manifest: ShardManifest) -> None:
        """Count a commit marker that this process reads for the first time."""
        counts = manifest.samples, manifest.failed_samples
        for outcome, count in zip(OUTCOMES, counts, strict=True):
            self._samples.labels(generator_class, outcome).inc(count)
            if self._per_generator:
                self._generator_samples.labels(manifest.generator, outcome).inc(count)
        self._shards.labels(generator_class, "succeeded").inc()
        self._shard_seconds.labels(generator_class).observe(manifest.attempt.seconds)
        self._memory.labels(generator_class).observe(manifest.attempt.peak_memory_bytes)
        self._bytes.labels(generator_class).inc(manifest.bytes)
        self._cpu.labels(generator_class).inc(manifest.attempt.cpu_seconds)

    def shard_failed(self, generator_class: str, failure: FailureRecord) -> None:
        """Count a failed attempt that this process observes for the first time."""
        self._shards.labels(generator_class, "failed").inc()
        self._failures.labels(generator_class, failure.reason.value).inc()

    def shard_differed(self, generator_class: str) -> None:
        """Count a shard that was generated twice with different bytes."""
        self._differences.labels(generator_class).inc()

    def run_finished(self, status: GenerationRunStatus) -> None:
        """Count a run that this process has ended."""
        self._ended.labels("succeeded" if status.phase == "Succeeded" else "failed").inc()
