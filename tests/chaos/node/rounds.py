"""Whole runs on the node that are disturbed, and what they must have stored in the end."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from chaos.audits.audit import Undisturbed, audit, undisturbed
from chaos.node.attempts import KilledAttempts
from chaos.node.disturbance import BEHIND_PROXY, Disturbance
from chaos.node.pauses import TOLD_SECONDS, Pauses
from chaos.schedule import Record, Step, schedule
from support.cluster.installation import Installation
from support.cluster.runs import start_run
from support.cluster.waiting import wait_for
from support.services.faulty_s3 import FaultyS3
from vrdata.dataset import layout
from vrdata.plan.planned import Plan

PATIENCE = 4.0  # seconds until the next step, if no shard is committed
LOOK_SECONDS = 2.0  # between two looks at the pods and the status
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
    """Apply the run, disturb it by a schedule while it runs, and audit it.

    A step without a target, for example a running block, waits for one.
    """
    record, steps = Record("cluster", seed), schedule(seed, actions)
    shards = len(list(calm.plan.all_shards()))
    begun = last = time.monotonic()
    watch, due = Watch(disturbance), list[Step]()
    disturbance.apply()
    while (steps or due) and not watch.finished():
        waited = time.monotonic() - last
        if steps and (
            waited > PATIENCE or disturbance.stored.committed() >= steps[0].share * shards
        ):
            due.append(steps.pop(0))
            last = time.monotonic()
        done = next((step for step in due if disturbance.do(step)), None)
        if done is not None:
            due.remove(done)
            record.done[done.action] += 1
        time.sleep(0.2)
    record.missed.update(step.action for step in steps + due)
    return finish(disturbance, calm, record, begun, watch)


@dataclass
class Watch:
    """Looks at a run now and then, as `kubectl get -o wide` shows it.

    Attributes:
        disturbance: the run.
        pauses: what it told while no pod ran.
    """

    disturbance: Disturbance
    pauses: Pauses = field(default_factory=Pauses)
    _looked: float = 0.0
    _finished: bool = False

    def finished(self) -> bool:
        """Whether the run has finished; looks at its pods, too, if the last look is old."""
        if time.monotonic() - self._looked > LOOK_SECONDS and not self._finished:
            self._looked = time.monotonic()
            self._finished = self.disturbance.finished()
            # Nobody writes the status before a killed operator is there again.
            served = self.disturbance.served()
            runs = self._finished or not served or self.disturbance.active()
            reason = "" if runs else self.disturbance.reason()
            self.pauses.look(time.monotonic(), runs=runs, reason=reason)
        return self._finished


def finish(
    disturbance: Disturbance,
    calm: Undisturbed,
    record: Record,
    begun: float,
    watch: Watch | None = None,
) -> Record:
    """Wait for the end of the run, and audit it."""
    run, watch = disturbance.run, watch or Watch(disturbance)
    wait_for(
        watch.finished,
        "the run has finished",
        FINISH_SECONDS,
        lambda: json.dumps(run.status(), indent=1)[-4000:] + run.events(),
    )
    record.seconds = time.monotonic() - begun
    succeeded = run.condition("Succeeded")
    record.outcome = "Succeeded" if succeeded["status"] == "True" else succeeded["message"]
    record.ends[str(succeeded["reason"])] += 1
    record.charged = len(disturbance.charged())
    record.notes.append(f"waves with a charged retry: {record.charged}")
    told = ", ".join(f"{name} {times}" for name, times in sorted(watch.pauses.told.items()))
    record.notes.append(
        f"pauses: {told or 'none'}; the reason was there within {watch.pauses.longest:.0f} s"
    )
    record.findings += watch.pauses.late
    # The undisturbed run may have another namespace or profile; its bytes are the same.
    plan = Plan.model_validate_json(disturbance.files.store.get(layout.PLAN))
    found = audit(disturbance.files.store, replace(calm, plan=plan))
    record.findings += map(str, found)
    record.hash_equal = run.status().get("datasetHash") == calm.dataset_hash
    return record


def killed_attempts(disturbance: Disturbance, calm: Undisturbed, seed: int, share: float) -> Record:
    """Apply the run, end a share of the attempts of its shards, and audit it.

    Args:
        disturbance: the run.
        calm: an undisturbed run of the same samples, also on another machine.
        seed: of all decisions.
        share: of the attempts that are ended, 0 to 1.
    """
    record, begun = Record("cluster", seed), time.monotonic()
    watch, attempts = Watch(disturbance), KilledAttempts(disturbance, seed, share)
    disturbance.apply()
    while not watch.finished():
        attempts.turn()
        time.sleep(0.2)
    ended = attempts.finish()
    record.done.update(attempts.ends)
    killed = attempts.killed / max(1, len(attempts.seen))
    phases = ", ".join(f"{phase} {count}" for phase, count in sorted(ended.items()))
    record.notes.append(f"attempts: {len(attempts.seen)}, killed: {killed:.0%}")
    record.notes.append(f"ends of the zombies: {phases or 'none'}")
    return finish(disturbance, calm, record, begun, watch)


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
    watch = Watch(disturbance)
    disturbance.apply()
    for name, seconds in (("down", down), ("denied", denied)):
        before = disturbance.stored.committed()
        wait_for(lambda b=before: disturbance.stored.committed() > b, "another shard", 300)
        setattr(proxy.switches, name, True)
        switched = time.monotonic()
        wait_for(
            lambda: "StorageUnavailable" in disturbance.wide(),
            f"the reason of a store that is {name}",
            TOLD_SECONDS,
            disturbance.wide,
        )
        told = time.monotonic() - switched
        record.done[f"store {name} for {seconds:.0f} s"] += 1
        record.notes.append(f"store {name}: StorageUnavailable was there within {told:.0f} s")
        while time.monotonic() < switched + seconds:
            watch.finished()
            time.sleep(0.5)
        setattr(proxy.switches, name, False)
    return finish(disturbance, calm, record, begun, watch)
