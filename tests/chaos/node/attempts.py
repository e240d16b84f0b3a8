"""Most attempts of a run's shards are killed on the node, or live on after their successors."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from chaos.node.disturbance import Disturbance, processes_of
from support.cluster.runs import apply
from support.cluster.waiting import wait_for
from vrdata.dataset import layout
from vrdata.plan.planned import Shard
from vrdata.plan.waves import Wave

ENDS = {"KILL worker": 5, "delete pod with grace 0": 3, "delete pod": 1, "zombie": 2}
"""How often an attempt is ended in which way. A zombie is a copy of its pod that no Job knows."""
MOST_KILLS = 5  # of one shard, so that its pauses do not grow to a minute
WORKER = ["python", "-m", "vrdata_worker.pod"]  # the command of a pod
ZOMBIE = "zombie-"
POD = re.compile(r"pod([0-9a-f]{8}[0-9a-f_-]{28})")  # in the name of a cgroup
INDEX = "batch.kubernetes.io/job-completion-index"


@dataclass(frozen=True)
class _Attempt:
    """A worker that generates a shard; `pod` is the UID of its pod."""

    process: int
    pod: str
    shard: Shard


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
        seen: UIDs of the pods of attempts.
        ends: how often attempts ended in which way.
        zombies: all zombies so far.
    """

    disturbance: Disturbance
    seed: int
    share: float
    seen: set[str] = field(default_factory=set)
    ends: Counter[str] = field(default_factory=Counter)
    zombies: list[_Zombie] = field(default_factory=list)
    _due: list[tuple[float, _Attempt, str]] = field(default_factory=list)
    _kills: Counter[Shard] = field(default_factory=Counter)
    _waves: dict[int, Wave] = field(default_factory=dict)
    _running: dict[_Attempt, float] = field(default_factory=dict)
    _ended: set[str] = field(default_factory=set)
    _usual: float = 5.0  # seconds of an attempt

    @property
    def killed(self) -> int:
        """Number of attempts that were ended."""
        return sum(self.ends.values())

    def turn(self) -> None:
        """Decide about new attempts, end those whose time has come, stop and wake zombies."""
        now = time.monotonic()
        running = self._attempts()
        for attempt in running - self._running.keys():
            if attempt.pod not in self.seen:
                self.seen.add(attempt.pod)
                self._decide(attempt)
        self._learn(running, now)
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

    def _attempts(self) -> set[_Attempt]:
        """The workers of the run on this machine; quicker than questions to the API server."""
        prefix = f"{self.disturbance.run.namespace}/{self.disturbance.run.name}/"
        found = set()
        for process in psutil.process_iter(["cmdline"]):
            if process.info["cmdline"] == WORKER:
                with suppress(psutil.Error, OSError, KeyError, ValueError):
                    variables = process.environ()
                    task = json.loads(variables["VRDATA_TASK"])["shard"]
                    index = int(variables["JOB_COMPLETION_INDEX"])
                    groups = POD.search(Path(f"/proc/{process.pid}/cgroup").read_text())
                    own = task["config"]["prefix"] == prefix
                    if groups and own and not variables["HOSTNAME"].startswith(ZOMBIE):
                        uid = groups[1].replace("_", "-")
                        shard = self._wave(task["wave"]).shard(index)
                        found.add(_Attempt(process.pid, uid, shard))
        return found

    def _learn(self, running: set[_Attempt], now: float) -> None:
        """How long an attempt usually takes, from those that ended by themselves."""
        for attempt in self._running.keys() - running:
            begun = self._running.pop(attempt)
            if attempt.pod not in self._ended:
                self._usual += 0.2 * (now - begun - self._usual)
        self._running |= {one: now for one in running if one not in self._running}

    def _decide(self, attempt: _Attempt) -> None:
        kills = self._kills[attempt.shard]
        chance = random.Random(f"{self.seed} {attempt.shard} {kills}")  # noqa: S311 - not a secret
        if kills >= MOST_KILLS or chance.random() >= self.share:
            return
        end = chance.choices(list(ENDS), list(ENDS.values()))[0]
        self._kills[attempt.shard] += 1
        # A pod is deleted by a program that takes its time.
        delay = chance.random() * self._usual * (0.6 if end == "KILL worker" else 0.1)
        self._due.append((time.monotonic() + delay, attempt, end))

    def _end(self, attempt: _Attempt, end: str) -> None:
        """End an attempt, if it has not ended by itself."""
        pods = [pod for pod in self.disturbance.pods() if pod["metadata"]["uid"] == attempt.pod]
        if not psutil.pid_exists(attempt.process) or not pods:
            return
        self._ended.add(attempt.pod)
        name = pods[0]["metadata"]["name"]
        if end == "zombie":
            self._make_zombie(pods[0], attempt.shard)
        if end == "KILL worker":
            with suppress(ProcessLookupError):
                os.kill(attempt.process, signal.SIGKILL)
        else:
            grace = () if end == "delete pod" else ("--grace-period=0", "--force")
            self._kubectl("delete", "pod", name, *self._place(), "--wait=false", *grace)
        self.ends[end] += 1

    def _make_zombie(self, pod: dict[str, Any], shard: Shard) -> None:
        name, spec = f"{ZOMBIE}{len(self.zombies)}", pod["spec"]
        for key in ("nodeName", "hostname", "priority", "preemptionPolicy"):
            spec.pop(key, None)
        spec["containers"][0]["resources"]["requests"] = {"cpu": "10m", "memory": "32Mi"}
        labels = {INDEX: pod["metadata"]["labels"][INDEX], "vrdata.dev/zombie": "yes"}
        metadata = {"name": name, "namespace": self.disturbance.run.namespace, "labels": labels}
        copied = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}
        apply(self.disturbance.run.installed, copied)
        chance = random.Random(f"{self.seed} {name}")  # noqa: S311 - not a secret
        stops = time.monotonic() + chance.random() * self._usual
        self.zombies.append(_Zombie(name, shard, stops))

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

    def _wave(self, number: int) -> Wave:
        if number not in self._waves:
            body = self.disturbance.stored.store.get(layout.wave_key(number))
            self._waves[number] = Wave.model_validate_json(body)
        return self._waves[number]

    def _place(self) -> tuple[str, str]:
        return "-n", self.disturbance.run.namespace

    def _kubectl(self, *words: str) -> str:
        return self.disturbance.run.installed.node.kubectl(*words, check=False)
