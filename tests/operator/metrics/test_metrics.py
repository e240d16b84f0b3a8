"""Metrics: series of a run end with its object; nothing is counted twice."""

from __future__ import annotations

from typing import Any

import pytest

from support.lives import Life, run_object
from support.operator.failures import failed_attempt
from vrdata.contract.reasons import parse_reason
from vrdata_operator.metrics.counters import Metrics
from vrdata_operator.state.stored import StoredRun

MAZE = [{"name": "O-maze", "samples": 40}]


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(name, labels)


def series(metrics: Metrics, **labels: str) -> int:
    """Number of series with these labels."""
    return sum(
        labels.items() <= one.labels.items()
        for family in metrics.registry.collect()
        for one in family.samples
    )


def see(life: Life) -> None:
    """As the watch of runs does."""
    for body in life.cluster.runs.values():
        life.metrics.runs.set(StoredRun.parse(body))


def samples(metrics: Metrics, outcome: str = "succeeded") -> float | None:
    return value(metrics, "vrdata_samples_total", generator_class="O", outcome=outcome)


@pytest.fixture
def finished(life: Life) -> Life:
    life.create(run_object(generators=MAZE))
    life.live()
    see(life)
    return life


def test_committed_work_is_counted_by_class_and_generator(finished: Life) -> None:
    found = finished.metrics
    assert samples(found) == 40
    assert value(found, "vrdata_shards_total", generator_class="O", outcome="succeeded") == 4
    assert value(found, "vrdata_output_bytes_total", generator_class="O") == 400
    assert value(found, "vrdata_cpu_seconds_total", generator_class="O") == 6.0
    assert value(found, "vrdata_shard_duration_seconds_count", generator_class="O") == 4
    by_name = {"generator": "O-maze", "outcome": "succeeded"}
    assert value(found, "vrdata_generator_samples_total", **by_name) == 40
    assert value(found, "vrdata_runs_total", outcome="succeeded") == 1


def test_known_series_begin_at_zero() -> None:
    found = Metrics()
    assert samples(found) == 0
    assert value(found, "vrdata_runs_total", outcome="failed") == 0
    labels = {"generator_class": "M", "reason": "OutOfMemory"}
    assert value(found, "vrdata_shard_failures_total", **labels) == 0


def test_series_of_generators_can_be_disabled(finished: Life) -> None:
    few = Metrics(per_generator=False)
    assert series(few, generator="O-maze") == 0
    assert series(finished.metrics, generator="O-maze") == 2


def test_the_series_of_a_run_end_with_its_object(finished: Life) -> None:
    found = finished.metrics
    labels = {"namespace": "team", "run": "demo"}
    assert series(found, **labels) > 20
    assert value(found, "vrdata_run_status", **labels, phase="Succeeded") == 1
    assert value(found, "vrdata_run_status", **labels, phase="Running") == 0
    found.runs.remove("team", "demo", "uid-1")
    assert series(found, **labels) == 0
    assert samples(found) == 40  # counters stay


def test_a_late_deletion_of_an_old_run_keeps_the_series_of_a_new_run_of_its_name(
    finished: Life,
) -> None:
    finished.cluster.collect_garbage("team", "demo")
    finished.create(uid="uid-2")
    see(finished)
    finished.metrics.runs.remove("team", "demo", "uid-1")
    assert series(finished.metrics, namespace="team", run="demo") > 0


def test_after_a_restart_only_new_shards_of_a_running_run_are_counted(life: Life) -> None:
    life.create(run_object(generators=MAZE))
    life.live(until=lambda: life.status().samples.succeeded >= 20)
    life.restart()
    see(life)
    for _ in range(3):
        life.turn()
        see(life)
    done = life.status().samples.succeeded
    assert done < 40
    assert samples(life.metrics) == 0
    life.live()
    see(life)
    assert samples(life.metrics) == 40 - done
    assert value(life.metrics, "vrdata_runs_total", outcome="succeeded") == 1


def test_after_a_restart_a_finished_run_is_not_counted_again(finished: Life) -> None:
    """A counter that jumps to its old value after a reset looks like work to `rate`."""
    finished.restart()
    for _ in range(3):
        finished.turn()
        see(finished)
    assert samples(finished.metrics) == 0
    assert value(finished.metrics, "vrdata_runs_total", outcome="succeeded") == 0
    labels = {"namespace": "team", "run": "demo", "generator_class": "O", "state": "succeeded"}
    assert value(finished.metrics, "vrdata_run_samples", **labels) == 40


def test_a_run_that_is_created_again_counts_only_new_shards(life: Life) -> None:
    life.create(run_object(generators=MAZE))
    life.live(until=lambda: life.status().samples.succeeded >= 20)
    life.cluster.collect_garbage("team", "demo")
    life.create(run_object(generators=MAZE), uid="uid-2")
    assert life.live().samples.succeeded == 40
    assert samples(life.metrics) == 40


def test_failed_attempts_are_counted_by_reason_and_unknown_reasons_share_one_label(
    life: Life,
) -> None:
    life.workers.script = lambda one: "InvalidOutput" if one.shard[1] == 0 else ""
    life.create(run_object(generators=MAZE))
    life.live()
    labels: dict[str, Any] = {"generator_class": "O", "reason": "InvalidOutput"}
    assert value(life.metrics, "vrdata_shard_failures_total", **labels) == 3
    assert value(life.metrics, "vrdata_runs_total", outcome="failed") == 1
    life.metrics.shard_failed("O", failed_attempt(("O-maze", 0), 0, parse_reason("Anything")))
    labels["reason"] = "Unknown"
    assert value(life.metrics, "vrdata_shard_failures_total", **labels) == 1
    assert series(life.metrics, reason="Anything") == 0  # text of users never becomes a label


def test_after_a_restart_an_earlier_failed_attempt_is_not_counted_again(life: Life) -> None:
    life.workers.script = lambda one: "InvalidOutput" if one.attempt == 0 else ""
    life.create(run_object(generators=MAZE))
    labels = {"generator_class": "O", "reason": "InvalidOutput"}
    name = "vrdata_shard_failures_total"
    life.live(until=lambda: value(life.metrics, name, **labels) == 2)
    life.restart()
    life.turn()
    assert life.status().failures
    assert value(life.metrics, name, **labels) == 0
    assert life.live().phase == "Succeeded"
    assert value(life.metrics, name, **labels) == 2


def test_deadlines_and_estimates_are_served_only_where_they_exist(finished: Life) -> None:
    labels = {"namespace": "team", "run": "demo"}
    deadline = "vrdata_run_deadline_timestamp_seconds"
    assert value(finished.metrics, deadline, **labels) is None
    finished.cluster.patch_spec("team", "demo", activeDeadlineSeconds=60)
    see(finished)
    started = value(finished.metrics, "vrdata_run_started_timestamp_seconds", **labels)
    assert started is not None
    assert value(finished.metrics, deadline, **labels) == started + 60
