"""Runs on the test cluster, started as users do, and watched through the API and the bucket."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.cli import vrdata
from support.cluster.installation import SYSTEM, Installation
from support.cluster.waiting import wait_for
from vrdata.store.opening import open_store
from vrdata.store.port import ObjectStore

FINISH_SECONDS = 240


def run_object(name: str, namespace: str, spec: dict[str, Any]) -> dict[str, Any]:
    """A GenerationRun."""
    return {
        "apiVersion": "vrdata.dev/v1alpha1",
        "kind": "GenerationRun",
        "metadata": {"name": name, "namespace": namespace},
        "spec": spec,
    }


def generators(**samples: int) -> list[dict[str, Any]]:
    """`generators(O_maze=20)`: entries of spec.generators; the first `_` is a `-`."""
    return [{"name": name.replace("_", "-"), "samples": count} for name, count in samples.items()]


@dataclass(frozen=True)
class Run:
    """One GenerationRun on the cluster."""

    installed: Installation
    namespace: str
    name: str

    def get(self) -> dict[str, Any]:
        """The stored object."""
        path = f"/apis/vrdata.dev/v1alpha1/namespaces/{self.namespace}/generationruns/{self.name}"
        return self.installed.node.plane.read(path)

    def exists(self) -> bool:
        """Whether the object is stored."""
        return bool(
            self._items(
                "/apis/vrdata.dev/v1alpha1", "generationruns", fields=f"metadata.name={self.name}"
            )
        )

    def status(self) -> dict[str, Any]:
        """Its status; empty at first."""
        found: dict[str, Any] = self.get().get("status") or {}
        return found

    def condition(self, kind: str) -> dict[str, Any]:
        """One condition; empty at first."""
        conditions = self.status().get("conditions", [])
        return next((one for one in conditions if one["type"] == kind), {})

    def wait(self, kind: str, status: str = "True", seconds: float = FINISH_SECONDS) -> None:
        """Wait for a condition."""
        wait_for(
            lambda: self.condition(kind).get("status") == status,
            f"{self.name}: {kind}={status}",
            seconds,
            lambda: json.dumps(self.status(), indent=1)[-4000:] + self.events(),
        )

    def wait_reason(self, kind: str, reason: str, seconds: float = 60) -> str:
        """Wait for a condition's reason; returns its message."""
        wait_for(
            lambda: self.condition(kind).get("reason") == reason,
            f"{self.name}: {kind} for reason {reason}",
            seconds,
            lambda: json.dumps(self.status(), indent=1)[-4000:],
        )
        return str(self.condition(kind).get("message", ""))

    def patch(self, spec: dict[str, Any]) -> None:
        """Change fields of the spec."""
        text = json.dumps({"spec": spec})
        self._kubectl("patch", "generationrun", self.name, "--type=merge", "-p", text)

    def repair(self, value: str) -> None:
        """Set the repair annotation and wait until the repair has ended."""
        annotation = f"vrdata.dev/repair={value}"
        self._kubectl("annotate", "generationrun", self.name, annotation, "--overwrite")
        wait_for(
            lambda: self.status().get("observedRepair") == value,
            f"{self.name}: repair {value} is observed",
            FINISH_SECONDS,
            lambda: json.dumps(self.status(), indent=1)[-4000:] + self.events(),
        )
        self.wait("Finished")

    def delete(self) -> None:
        """Delete the object and wait until it is gone."""
        self._kubectl("delete", "generationrun", self.name, "--timeout=60s")

    def jobs(self) -> list[dict[str, Any]]:
        """Its Jobs."""
        return self._items("/apis/batch/v1", "jobs", labels=f"vrdata.dev/run={self.name}")

    def pods(self, *conditions: str, labels: str = "") -> list[dict[str, Any]]:
        """Its pods, by name.

        Args:
            conditions: that their fields meet, e.g. `status.phase=Running`.
            labels: which they have besides those of the run.
        """
        labels = f"vrdata.dev/run={self.name}{labels and ','}{labels}"
        items = self._items("/api/v1", "pods", labels=labels, fields=",".join(conditions))
        return sorted(items, key=lambda pod: str(pod["metadata"]["name"]))

    def events(self) -> str:
        """What `kubectl get events` shows of the namespace."""
        return self._kubectl("get", "events", "--sort-by=.lastTimestamp")[-3000:]

    @property
    def url(self) -> str:
        """The run's folder in the bucket."""
        return f"s3://{self.installed.bucket.name}/runs/{self.namespace}/{self.name}"

    def store(self) -> ObjectStore:
        """The run's folder."""
        return open_store(self.url)

    def verify(self) -> dict[str, Any]:
        """The report of `vrdata verify` about its data."""
        checked = vrdata("verify", self.url, "-o", "json")
        assert checked.code == 0, checked.out + checked.err
        found: dict[str, Any] = checked.json
        return found

    def _kubectl(self, *words: str) -> str:
        return self.installed.node.kubectl(*words, "-n", self.namespace)

    def _items(
        self, group: str, kind: str, *, labels: str = "", fields: str = ""
    ) -> list[dict[str, Any]]:
        return self.installed.node.plane.read(
            f"{group}/namespaces/{self.namespace}/{kind}",
            labelSelector=labels,
            fieldSelector=fields,
        )["items"]


def start_run(installed: Installation, namespace: str, name: str, spec: dict[str, Any]) -> Run:
    """Apply a GenerationRun."""
    apply(installed, run_object(name, namespace, spec))
    return Run(installed, namespace, name)


def apply(installed: Installation, *objects: dict[str, Any]) -> str:
    """`kubectl apply` objects."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "objects.json"
        path.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)}))
        return installed.node.kubectl("apply", "-f", path)


def operator_pod(installed: Installation) -> dict[str, Any]:
    """The operator's running pod."""
    found = _operator_pods(installed, "status.phase=Running")
    assert len(found) == 1, found
    return found[0]


def metrics(address: str, port: int = 9090) -> str:
    """The metrics that the operator serves to Prometheus."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"http://{address}:{port}/metrics", timeout=10) as answer:
        return str(answer.read().decode())


@contextmanager
def operator_outside(installed: Installation, folder: Path) -> Iterator[OutsideOperator]:
    """Run the operator as a process of this machine, with the rights of its service account."""
    node = installed.node
    node.kubectl("scale", "deployment/vrdata", "-n", SYSTEM, "--replicas=0")
    wait_for(lambda: not _operator_pods(installed), "the operator's pod is gone", 60)
    token = node.kubectl("create", "token", "vrdata", "-n", SYSTEM, "--duration=2h").strip()
    config = json.loads(node.plane.kubeconfig.read_text())
    config["users"] = [{"name": "admin", "user": {"token": token}}]
    path = folder / "operator.conf"
    path.write_text(json.dumps(config))
    operator = OutsideOperator(installed, path, folder / "operator.log")
    try:
        operator.start()
        yield operator
    finally:
        operator.kill()
        node.kubectl("scale", "deployment/vrdata", "-n", SYSTEM, "--replicas=1")


class OutsideOperator:
    """An operator process that a test can kill."""

    def __init__(self, installed: Installation, kubeconfig: Path, log: Path) -> None:
        self._installed = installed
        self._kubeconfig = kubeconfig
        self.log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it."""
        variables = self._installed.bucket.environment | {
            "KUBECONFIG": str(self._kubeconfig),
            "VRDATA_NAMESPACE": SYSTEM,
            "VRDATA_METRICS_PORT": "0",
            "VRDATA_HEALTH_PORT": "0",
        }
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "vrdata_operator"],
                env=os.environ | variables,
                stdout=log,
                stderr=log,
            )

    def kill(self) -> None:
        """Kill it, as the kernel would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


def _operator_pods(installed: Installation, condition: str = "") -> list[dict[str, Any]]:
    return installed.node.plane.read(
        f"/api/v1/namespaces/{SYSTEM}/pods",
        labelSelector="app.kubernetes.io/name=vrdata",
        fieldSelector=condition,
    )["items"]


def allow_source(installed: Installation, name: str, *urls: str) -> None:
    """Create a profile that allows sources, and is the default one otherwise."""
    text = installed.node.kubectl("get", "generationprofile", "default", "-n", SYSTEM, "-o", "json")
    profile = json.loads(text)
    profile["metadata"] = {"name": name, "namespace": SYSTEM}
    profile["spec"]["sources"] = {"allowed": list(urls)}
    apply(installed, profile)
