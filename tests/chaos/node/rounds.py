"""Whole runs on the node that are disturbed, and what they must have stored in the end."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

from chaos.audits.audit import Undisturbed, audit, undisturbed
from chaos.node.disturbance import BEHIND_PROXY, Disturbance
from chaos.schedule import Record, schedule
from support.cluster.installation import Installation
from support.cluster.runs import start_run
from support.cluster.waiting import wait_for
from support.services.faulty_s3 import FaultyS3

PATIENCE = 4.0  # seconds until the next step, if no shard is committed
TOLD_SECONDS = 15.0  # until the status has the reason of a pause
FINISH_SECONDS = 1500.0
KILLS: Mapping[str, int] = {
    "KILL worker": 5,
    "TERM worker": 2,
    "KILL template": 3,
    "KILL block": 5,
    "delete pod": 2,
    "delete pod with grace 0": 5,
    "delete operator pod": 2,
}
"""Kills of one round of about a minute, by kind."""
DELETES: Mapping[str, int] = {
    "delete plan": 1,
    "delete wave file": 1,
    "delete marker": 2,
    "delete data object": 2,
    "delete Job": 1,
    "cut data object": 1,
}


def shards_spec(shards: int, **more: Any) -> dict[str, Any]:
    """A run with one block of two samples in each shard."""
    return {
        "parallelism": 4,
        "shardSize": 2,
        "generators": [{"name": "O-maze", "samples": 2 * shards, "blockSize": 2}],
        "failurePolicy": {"retries": 1},
    } | more


def calm_run(
    installed: Installation, namespace: str, spec: dict[str, Any]
) -> tuple[Disturbance, Undisturbed]:
    """Run it undisturbed, read every byte, then remove its object and its data."""
    run = start_run(installed, namespace, "demo", spec)
    run.wait("Succeeded", seconds=FINISH_SECONDS)
    found = Disturbance(run, spec)
    calm = undisturbed(found.stored.store)
    found.forget()
    return found, calm


def disturbed_run(
    disturbance: Disturbance, calm: Undisturbed, seed: int, actions: Mapping[str, int]
) -> Record:
    """Apply the run, disturb it by a schedule while it runs, and audit it."""
    record, steps = Record("cluster", seed), schedule(seed, actions)
    shards = len(list(calm.plan.all_shards()))
    begun = last = time.monotonic()
    disturbance.apply()
    while steps and not _finished(disturbance):
        waited = time.monotonic() - last
        if waited > PATIENCE or disturbance.stored.committed() >= steps[0].share * shards:
            step, last = steps.pop(0), time.monotonic()
            done = disturbance.do(step)
            (record.done if done else record.missed)[step.action] += 1
        time.sleep(0.2)
    record.missed.update(step.action for step in steps)
    return finish(disturbance, calm, record, begun)


def finish(disturbance: Disturbance, calm: Undisturbed, record: Record, begun: float) -> Record:
    """Wait for the end of the run, and audit it."""
    run = disturbance.run
    wait_for(
        lambda: _finished(disturbance),
        "the run has finished",
        FINISH_SECONDS,
        lambda: json.dumps(run.status(), indent=1)[-4000:] + run.events(),
    )
    record.seconds = time.monotonic() - begun
    succeeded = run.condition("Succeeded")
    record.outcome = "Succeeded" if succeeded["status"] == "True" else succeeded["message"]
    record.ends[f"{succeeded['reason']}, waves with charged retries"] = len(disturbance.charged())
    found = audit(disturbance.files.store, calm)
    record.findings += map(str, found)
    record.hash_equal = run.status().get("datasetHash") == calm.dataset_hash
    return record


def outages(
    disturbance: Disturbance,
    calm: Undisturbed,
    proxy: FaultyS3,
    *,
    down: float,
    denied: float,
) -> Record:
    """A store that is down and keys that are wrong, each for some seconds, told in time.

    Raises:
        AssertionError: `kubectl get -o wide` did not tell the reason.
    """
    assert disturbance.spec.get("profile") == BEHIND_PROXY
    record, begun = Record("cluster", 0), time.monotonic()
    disturbance.apply()
    for name, seconds in (("down", down), ("denied", denied)):
        before = disturbance.stored.committed()
        wait_for(lambda b=before: disturbance.stored.committed() > b, "another shard", 300)
        setattr(proxy.switches, name, True)
        end = time.monotonic() + seconds
        wait_for(
            lambda: "StorageUnavailable" in disturbance.wide(),
            f"the reason of a store that is {name}",
            TOLD_SECONDS,
            disturbance.wide,
        )
        record.done[f"store {name} for {seconds:.0f} s"] += 1
        while time.monotonic() < end:
            time.sleep(0.5)
        setattr(proxy.switches, name, False)
    return finish(disturbance, calm, record, begun)


def _finished(disturbance: Disturbance) -> bool:
    return bool(disturbance.run.condition("Finished").get("status") == "True")
