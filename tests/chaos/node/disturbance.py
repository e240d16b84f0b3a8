"""Disturb runs on a cluster of one node: pods, their processes, Jobs, the operator, objects."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from chaos.objects import DELETED, Bucket
from chaos.schedule import Step
from support.cluster.installation import SYSTEM, Installation
from support.cluster.places import HOST
from support.cluster.runs import Run, apply, run_object
from support.services.faulty_s3 import FaultyS3, running_faulty_s3
from vrdata.dataset import layout
from vrdata.plan.waves import Wave
from vrdata.store.opening import open_store

BEHIND_PROXY = "behind-proxy"
"""Name of the profile whose store is the proxy."""


@contextmanager
def proxy_for(installed: Installation) -> Iterator[FaultyS3]:
    """A proxy before the cluster's store, on the address of this machine that only pods reach."""
    with running_faulty_s3(installed.bucket.endpoint, (HOST, 0)) as proxy:
        found = installed.node.kubectl(
            *("get", "generationprofile", "default", "-n", SYSTEM, "-o", "json")
        )
        spec = json.loads(found)["spec"]
        spec["storage"] |= {"endpoint": proxy.endpoint}
        head = {"apiVersion": "vrdata.dev/v1alpha1", "kind": "GenerationProfile"}
        metadata = {"name": BEHIND_PROXY, "namespace": SYSTEM}
        apply(installed, head | {"metadata": metadata, "spec": spec})
        yield proxy


@dataclass
class Disturbance:
    """One run on the node, and what can be done to it.

    Attributes:
        run: the run.
        spec: as it was applied.
    """

    run: Run
    spec: dict[str, Any]

    @property
    def stored(self) -> Bucket:
        """Its objects, seen past the proxy."""
        bucket = self.run.installed.bucket
        place = f"runs/{self.run.namespace}/{self.run.name}"
        url = f"s3://{bucket.name}/{place}"
        return Bucket(open_store(url, endpoint=bucket.endpoint), bucket.folder / place)

    @property
    def files(self) -> Bucket:
        """The same objects as files of the store: no checksum of the store's is trusted."""
        folder = self.stored.folder
        return Bucket(open_store(str(folder)), folder)

    def apply(self) -> None:
        """Apply the run's object."""
        apply(self.run.installed, run_object(self.run.name, self.run.namespace, self.spec))

    def apply_again(self) -> None:
        """Delete the run's object, and apply it again."""
        self.run.delete()
        self.apply()

    def forget(self) -> None:
        """Delete the run's object and all of its data."""
        self.run.delete()
        shutil.rmtree(self.stored.folder)

    def do(self, step: Step) -> bool:
        """Do one step; False if it has no target."""
        first, _, rest = step.action.partition(" ")
        if first in {"KILL", "TERM"}:
            return self._signal(step, rest, signal.Signals[f"SIG{first}"])
        actions: dict[str, Callable[[], bool]] = {
            "delete pod": lambda: self._delete_pod(step),
            "delete pod with grace 0": lambda: self._delete_pod(step, "--grace-period=0"),
            "delete Job": lambda: self._delete_job(step),
            "delete run object": self._delete_run,
            "delete operator pod": self._delete_operator,
            "cut data object": lambda: self.stored.tear(step, flip=False),
            "flip a bit of a data object": lambda: self.stored.tear(step, flip=True),
        }
        if step.action in actions:
            return actions[step.action]()
        assert rest in DELETED, step.action
        return self.stored.delete(rest, step)

    def charged(self) -> dict[int, int]:
        """Number of attempts that were charged to `failurePolicy.retries`, by wave; without 0.

        A repair is not a retry: its shards were committed before.
        """
        found = {}
        for entry in self.stored.store.list_after(layout.WAVES):
            wave = Wave.model_validate_json(self.stored.store.get(entry.key))
            if wave.attempt - wave.uncharged and not wave.repair:
                found[wave.wave] = wave.attempt - wave.uncharged
        return found

    def wide(self) -> str:
        """The line of `kubectl get generationruns -o wide`."""
        text = self.run.installed.node.kubectl(
            *("get", "generationrun", self.run.name, "-n", self.run.namespace),
            *("-o", "wide", "--no-headers"),
        )
        return text.strip()

    def reason(self) -> str:
        """The last column of this line; empty if it has none."""
        place = self.run.status().get("storage", {}).get("url")
        return self.wide().partition(place)[2].strip() if place else ""

    def finished(self) -> bool:
        """Whether the run has finished."""
        return bool(self.run.condition("Finished").get("status") == "True")

    def served(self) -> bool:
        """Whether the operator is ready."""
        path = f"/apis/apps/v1/namespaces/{SYSTEM}/deployments/vrdata"
        status = self.run.installed.node.plane.read(path)["status"]
        return bool(status.get("readyReplicas") == 1)

    def active(self) -> bool:
        """Whether one of its pods runs or starts."""
        return bool(self.run.pods("status.phase!=Succeeded", "status.phase!=Failed"))

    def pods(self) -> list[dict[str, Any]]:
        """Its running pods, by name."""
        return self.run.pods("status.phase=Running")

    def _delete_pod(self, step: Step, *flags: str) -> bool:
        found = self.pods()
        if not found:
            return False
        name = found[step.pick(len(found))]["metadata"]["name"]
        force = ("--force",) if flags else ()
        self._delete("pod", name, *flags, *force)
        return True

    def _delete_job(self, step: Step) -> bool:
        names = sorted(job["metadata"]["name"] for job in self.run.jobs())
        if not names:
            return False
        self._delete("job", names[step.pick(len(names))])
        return True

    def _delete_run(self) -> bool:
        self.apply_again()
        return True

    def _delete_operator(self) -> bool:
        words = ("-l", "app.kubernetes.io/name=vrdata", "--field-selector=status.phase=Running")
        found = self.run.installed.node.kubectl("get", "pods", "-n", SYSTEM, *words, "-o", "name")
        for name in found.split():
            self._delete(
                "pod", name.removeprefix("pod/"), "--grace-period=0", "--force", namespace=SYSTEM
            )
        return bool(found.strip())

    def _delete(self, kind: str, name: str, *flags: str, namespace: str = "") -> None:
        self.run.installed.node.kubectl(
            *("delete", kind, name, "-n", namespace or self.run.namespace, "--wait=false"),
            *("--ignore-not-found", *flags),
            check=False,
        )

    def _signal(self, step: Step, kind: str, number: signal.Signals) -> bool:
        """Send a signal to a process of a pod, as the kernel or a person on the node does."""
        uids = [pod["metadata"]["uid"] for pod in self.pods()]
        found = [one for uid in uids for one in processes_of(uid) if kind_of(one) == kind]
        if not found:
            return False
        with suppress(ProcessLookupError):
            os.kill(sorted(found)[step.pick(len(found))], number)
        return True


def processes_of(uid: str) -> list[int]:
    """Processes of a pod, from their cgroups."""
    names = (uid, uid.replace("-", "_"))
    found = []
    for pid in psutil.pids():
        with suppress(OSError):
            text = Path(f"/proc/{pid}/cgroup").read_text()
            if any(name in text for name in names):
                found.append(pid)
    return found


def kind_of(pid: int) -> str:
    """`worker` (the pod's first process), `template` or `block`; else empty."""
    with suppress(psutil.Error):
        process = psutil.Process(pid)
        if any("vrdata_worker" in word for word in process.cmdline()):
            return "worker"
        if any("vrdata_child" in word for word in process.cmdline()):
            parent = process.parent()
            of_worker = parent and any("vrdata_worker" in word for word in parent.cmdline())
            return "template" if of_worker else "block"
    return ""
