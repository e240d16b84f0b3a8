"""Prometheus gauges of single runs, computed from their statuses at each scrape."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import get_args

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from vrdata.api.status import GenerationRunStatus, Phase, ShardCounts
from vrdata_operator.policy.deadline import deadline
from vrdata_operator.state.rejection import Rejection
from vrdata_operator.state.stored import StoredRun
from vrdata_operator.state.time import seconds

_PHASES: tuple[str, ...] = get_args(Phase)
_RUN = ["namespace", "run"]


@dataclass(frozen=True, slots=True)
class _Run:
    stored: StoredRun

    @property
    def key(self) -> list[str]:
        return [self.stored.namespace, self.stored.name]

    @property
    def status(self) -> GenerationRunStatus:
        return self.stored.status

    @property
    def deadline(self) -> float | None:
        """Seconds since the epoch; None while no deadline applies."""
        run = self.stored.run
        if isinstance(run, Rejection):
            return None
        return deadline(
            run.spec.active_deadline_seconds, self.stored.status, suspend=run.spec.suspend
        )


class RunCollector(Collector):
    """Series of the runs that exist; thread-safe, because scrapes come from other threads."""

    def __init__(self) -> None:
        self._runs: dict[tuple[str, str], _Run] = {}
        self._lock = threading.Lock()

    def set(self, stored: StoredRun) -> None:
        """Publish a run as it is stored."""
        with self._lock:
            self._runs[stored.namespace, stored.name] = _Run(stored)

    def remove(self, namespace: str, name: str, uid: str) -> None:
        """Remove the series of a deleted run, unless a new object has its name by now."""
        with self._lock:
            known = self._runs.get((namespace, name))
            if known is not None and known.stored.uid == uid:
                del self._runs[namespace, name]

    def collect(self) -> Iterable[Metric]:
        """All families, even without series, so that their help is always served."""
        with self._lock:
            runs = list(self._runs.values())
        yield _info(runs)
        yield _phases(runs)
        yield _conditions(runs)
        yield from _samples(runs)
        yield _shards(runs)
        yield _bytes(runs)
        yield from _times(runs)


def _info(runs: list[_Run]) -> Metric:
    family = GaugeMetricFamily(
        "vrdata_run_info", "Constant properties of a run.", labels=[*_RUN, "profile", "queue"]
    )
    for run in runs:
        found = run.stored.run
        profile = "" if isinstance(found, Rejection) else found.spec.profile
        family.add_metric([*run.key, profile, run.stored.identity.queue], 1)
    return family


def _phases(runs: list[_Run]) -> Metric:
    family = GaugeMetricFamily(
        "vrdata_run_status", "1 for the run's phase, 0 for the others.", labels=[*_RUN, "phase"]
    )
    for run in runs:
        for phase in _PHASES:
            family.add_metric([*run.key, phase], float(run.status.phase == phase))
    return family


def _conditions(runs: list[_Run]) -> Metric:
    family = GaugeMetricFamily(
        "vrdata_run_condition",
        "1 for the status of each condition, 0 for the others.",
        labels=[*_RUN, "condition", "status"],
    )
    for run in runs:
        for one in run.status.conditions:
            for status in ("True", "False", "Unknown"):
                family.add_metric([*run.key, one.type, status], float(one.status == status))
    return family


def _samples(runs: list[_Run]) -> Iterator[Metric]:
    labels = [*_RUN, "generator_class"]
    desired = GaugeMetricFamily(
        "vrdata_run_samples_desired", "Samples that the run requests.", labels=labels
    )
    samples = GaugeMetricFamily(
        "vrdata_run_samples", "Samples by state.", labels=[*labels, "state"]
    )
    for run in runs:
        for one in run.status.classes:
            desired.add_metric([*run.key, one.name], one.samples.desired)
            samples.add_metric([*run.key, one.name, "succeeded"], one.samples.succeeded)
            samples.add_metric([*run.key, one.name, "failed"], one.samples.failed)
    yield desired
    yield samples


def _shards(runs: list[_Run]) -> Metric:
    family = GaugeMetricFamily(
        "vrdata_run_shards", "Shards by state.", labels=[*_RUN, "generator_class", "state"]
    )
    for run in runs:
        for one in run.status.classes:
            for state in ShardCounts.model_fields:
                family.add_metric([*run.key, one.name, state], getattr(one.shards, state))
    return family


def _bytes(runs: list[_Run]) -> Metric:
    family = GaugeMetricFamily(
        "vrdata_run_output_bytes", "Bytes of committed data objects.", labels=_RUN
    )
    for run in runs:
        family.add_metric(run.key, run.status.bytes)
    return family


def _times(runs: list[_Run]) -> Iterator[Metric]:
    for name, text in (
        ("created", "When the object was created."),
        ("started", "When its first Job was created."),
        ("finished", "When the run ended."),
        ("estimated_completion", "When the run will end at the current rate."),
        ("deadline", "When the run exceeds activeDeadlineSeconds."),
    ):
        family = GaugeMetricFamily(
            f"vrdata_run_{name}_timestamp_seconds", f"{text} Seconds since the epoch.", labels=_RUN
        )
        for run in runs:
            moment = _moment(run, name)
            if moment is not None:
                family.add_metric(run.key, moment)
        yield family


def _moment(run: _Run, name: str) -> float | None:
    if name == "created":
        return run.stored.created
    if name == "deadline":
        return run.deadline
    text = {
        "started": run.status.start_time,
        "finished": run.status.completion_time,
        "estimated_completion": run.status.estimated_completion_time,
    }[name]
    return None if text is None else seconds(text)
