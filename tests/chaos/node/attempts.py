"""Most attempts of a run's shards are killed on the node, or live on after their successors."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from chaos.node.disturbance import Disturbance, kind_of, processes_of
from support.cluster.runs import apply
from support.cluster.waiting import wait_for
from vrdata.dataset import layout
from vrdata.plan.planned import Shard
from vrdata.plan.waves import Wave

ENDS = {"KILL worker": 5, "delete pod with grace 0": 3, "delete pod": 1, "zombie": 2}
"""How often an attempt is ended in which way. A zombie is a copy of its pod that no Job knows."""
MOST_KILLS = 5  # of one shard, so that its pauses do not grow to a minute
USUAL_SECONDS = 10.0  # of an attempt
INDEX = "batch.kubernetes.io/job-completion-index"


@dataclass
class _Zombie:
    """A pod that stops at some moment, and goes on after its shard is committed."""

    name: str
    shard: Shard
    stops: float
    uid: str = ""
    goes_on: bool = False


@dataclass
class KilledAttempts:
    """Ends attempts by chance, and counts them.

    Attributes:
        disturbance: the run.
        seed: of all decisions.
        share: of the attempts that are ended, 0 to 1.
        seen: names of the pods of attempts.
        ends: how often attempts ended in which way.
        zombies: all zombies so far.
    """

    disturbance: Disturbance
    seed: int
    share: float
    seen: set[str] = field(default_factory=set)
    ends: Counter[str] = field(default_factory=Counter)
    zombies: list[_Zombie] = field(default_factory=list)
    _due: list[tuple[float, dict[str, Any], str]] = field(default_factory=list)
    _kills: Counter[Shard] = field(default_factory=Counter)
    _waves: dict[str, Wave] = field(default_factory=dict)

    @property
    def killed(self) -> int:
        """Number of attempts that were ended."""
        return sum(self.ends.values())

    def turn(self) -> None:
        """Decide about new attempts, end those whose time has come, stop and wake zombies."""
        for pod in self.disturbance.pods():
            name = pod["metadata"]["name"]
            shard = pod["metadata"]["labels"].get("vrdata.dev/task") == "shard"
            if name not in self.seen and shard:
                self.seen.add(name)
                self._decide(pod)
        now = time.monotonic()
        for entry in [one for one in self._due if one[0] <= now]:
            self._due.remove(entry)
            self._end(entry[1], entry[2])
        for zombie in self.zombies:
            self._lead(zombie)

    def finish(self) -> Counter[str]:
        """Let all zombies go on, and wait for their end; returns how many ended in which phase."""
        for zombie in self.zombies:
            self._signal(zombie.uid, signal.SIGCONT)
        wait_for(lambda: not {"Running", "Pending"} & set(self._phases()), "the zombies end", 300)
        return self._phases()

    def _phases(self) -> Counter[str]:
        words = ("get", "pods", "-l", "vrdata.dev/zombie", *self._place(), "-o", "json")
        return Counter(pod["status"]["phase"] for pod in json.loads(self._kubectl(*words))["items"])

    def _decide(self, pod: dict[str, Any]) -> None:
        shard = self._shard_of(pod)
        attempt = self._kills[shard]
        chance = random.Random(f"{self.seed} {shard} {attempt}")  # noqa: S311 - not a secret
        if attempt >= MOST_KILLS or chance.random() >= self.share:
            return
        end = chance.choices(list(ENDS), list(ENDS.values()))[0]
        self._kills[shard] += 1
        delay = 0.0 if end == "zombie" else chance.random() * USUAL_SECONDS
        self._due.append((time.monotonic() + delay, pod, end))

    def _end(self, pod: dict[str, Any], end: str) -> None:
        """End an attempt, if it has not ended by itself."""
        name, uid = pod["metadata"]["name"], pod["metadata"]["uid"]
        workers = [one for one in processes_of(uid) if kind_of(one) == "worker"]
        if not workers:
            return
        if end == "zombie":
            self._make_zombie(pod)
        if end == "KILL worker":
            with suppress(ProcessLookupError):
                os.kill(workers[0], signal.SIGKILL)
        else:
            grace = () if end == "delete pod" else ("--grace-period=0", "--force")
            self._kubectl("delete", "pod", name, *self._place(), "--wait=false", *grace)
        self.ends[end] += 1

    def _make_zombie(self, pod: dict[str, Any]) -> None:
        name, spec = f"zombie-{len(self.zombies)}", pod["spec"]
        for key in ("nodeName", "hostname", "priority", "preemptionPolicy"):
            spec.pop(key, None)
        spec["containers"][0]["resources"]["requests"] = {"cpu": "10m", "memory": "32Mi"}
        labels = {INDEX: pod["metadata"]["labels"][INDEX], "vrdata.dev/zombie": "yes"}
        metadata = {"name": name, "namespace": self.disturbance.run.namespace, "labels": labels}
        copied = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}
        apply(self.disturbance.run.installed, copied)
        chance = random.Random(f"{self.seed} {name}")  # noqa: S311 - not a secret
        stops = time.monotonic() + chance.random() * USUAL_SECONDS
        self.zombies.append(_Zombie(name, self._shard_of(pod), stops))

    def _lead(self, zombie: _Zombie) -> None:
        """Stop a zombie when it runs, and wake it when its successor has committed."""
        if zombie.goes_on or time.monotonic() < zombie.stops:
            return
        if not zombie.uid:
            path = "jsonpath={.metadata.uid} {.status.phase}"
            found = self._kubectl("get", "pod", zombie.name, *self._place(), "-o", path).split()
            if found[1:] == ["Running"] and processes_of(found[0]):
                zombie.uid = found[0]
                self._signal(zombie.uid, signal.SIGSTOP)
            return
        key = layout.commit_key(*zombie.shard)
        if any(entry.key == key for entry in self.disturbance.stored.store.list_after(key[:-1])):
            zombie.goes_on = True
            self._signal(zombie.uid, signal.SIGCONT)

    @staticmethod
    def _signal(uid: str, number: signal.Signals) -> None:
        for process in processes_of(uid) if uid else ():
            with suppress(ProcessLookupError):
                os.kill(process, number)

    def _shard_of(self, pod: dict[str, Any]) -> Shard:
        labels = pod["metadata"]["labels"]
        number = labels["vrdata.dev/wave"]
        if number not in self._waves:
            body = self.disturbance.stored.store.get(layout.wave_key(int(number)))
            self._waves[number] = Wave.model_validate_json(body)
        return self._waves[number].shard(int(labels[INDEX]))

    def _place(self) -> tuple[str, str]:
        return "-n", self.disturbance.run.namespace

    def _kubectl(self, *words: str) -> str:
        return self.disturbance.run.installed.node.kubectl(*words, check=False)
