"""etcd, API server, controller manager and scheduler."""

from __future__ import annotations

import json
import secrets
import socket
import ssl
import subprocess
import time
import urllib.parse
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.cluster.artifacts.binaries import binary
from support.cluster.parts.processes import Processes
from support.cluster.places import CONTEXT, SERVICE_NETWORK
from support.cluster.waiting import wait_for

READY_SECONDS = 90


@dataclass(frozen=True)
class ControlPlane:
    """A running API server.

    Attributes:
        folder: keys, kubeconfig, audit log, etcd's data.
        address: of the API server.
        port: of the API server.
        token: of a cluster administrator.
    """

    folder: Path
    address: str
    port: int
    token: str
    processes: Processes

    @property
    def kubeconfig(self) -> Path:
        """Of the administrator, context `vrdata-test`."""
        return self.folder / "admin.conf"

    @property
    def audit_log(self) -> Path:
        """One JSON line for each request of a service account."""
        return self.folder / "audit.log"

    @property
    def restarts(self) -> Path:
        """One JSON line for each restart: its start, and the time when the server was ready."""
        return self.folder / "restarts.jsonl"

    @property
    def url(self) -> str:
        """The API server's URL."""
        return f"https://{self.address}:{self.port}"

    def read(self, path: str, **query: str) -> Any:
        """What the server answers to a GET; a poll by kubectl takes ten times as much CPU.

        Args:
            path: of an object or a list, e.g. `/api/v1/nodes`.
            query: e.g. `labelSelector`.

        Raises:
            OSError: it does not answer, or refuses.
        """
        return json.loads(self._get(f"{path}?{urllib.parse.urlencode(query)}"))

    def is_ready(self) -> bool:
        """Whether the server is ready."""
        try:
            return self._get("/readyz") == b"ok"
        except OSError:
            return False

    def _get(self, path: str) -> bytes:
        request = urllib.request.Request(  # noqa: S310 - the URL is https and ours
            f"{self.url}{path}", headers={"Authorization": f"Bearer {self.token}"}
        )
        # While the server writes its certificate, the file is missing or empty.
        context = ssl.create_default_context(cafile=self.folder / "pki" / "api" / "apiserver.crt")
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
        )
        with opener.open(request, timeout=30) as answer:
            return bytes(answer.read())


def start_api_server(folder: Path, address: str = "127.0.0.1") -> ControlPlane:
    """Start etcd and an API server on free ports of one address; they listen nowhere else.

    Raises:
        TimeoutError: it does not become ready.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    token = secrets.token_hex(16)
    plane = ControlPlane(folder, address, free_port(address), token, Processes(folder))
    _write_files(plane)
    client, peer = (f"http://127.0.0.1:{free_port('127.0.0.1')}" for _ in range(2))
    plane.processes.start(
        "etcd",
        [
            binary("etcd"),
            *("--data-dir", folder / "etcd", "--unsafe-no-fsync"),
            *("--listen-client-urls", client, "--advertise-client-urls", client),
            *("--listen-peer-urls", peer),
        ],
    )
    plane.processes.start("apiserver", _api_server_command(plane, client))
    wait_for(
        plane.is_ready,
        "the API server",
        READY_SECONDS,
        lambda: plane.processes.log("apiserver"),
    )
    return plane


def start_controllers(plane: ControlPlane) -> None:
    """Start the controller manager and the scheduler."""
    common = ("--kubeconfig", plane.kubeconfig, "--leader-elect=false", "--bind-address=127.0.0.1")
    keys = plane.folder / "pki"
    plane.processes.start(
        "controller-manager",
        [
            *(binary("kube-controller-manager"), *common, "--secure-port=0"),
            *("--service-account-private-key-file", keys / "sa.key"),
            *("--root-ca-file", keys / "api" / "apiserver.crt"),
        ],
    )
    plane.processes.start("scheduler", [binary("kube-scheduler"), *common, "--secure-port=0"])


def restart_api_server(plane: ControlPlane, pid: int | None) -> int:
    """Restart the API server with the same arguments; returns its pid.

    It answers before it has read its roles and then refuses what they allow: see `restarts`.
    """
    command = json.loads((plane.folder / "apiserver.json").read_text())
    if pid is not None:
        plane.processes.stop(pid)
    begun = time.time()
    started = plane.processes.start("apiserver", command)
    wait_for(
        plane.is_ready,
        "the API server",
        READY_SECONDS,
        lambda: plane.processes.log("apiserver"),
    )
    with plane.restarts.open("a") as log:
        log.write(json.dumps([begun, time.time()]) + "\n")
    return started


def free_port(address: str) -> int:
    """A port of an address that no process listens on."""
    with socket.socket() as probe:
        probe.bind((address, 0))
        return int(probe.getsockname()[1])


def _api_server_command(plane: ControlPlane, etcd: str) -> list[str]:
    keys = plane.folder / "pki"
    words = [
        *(binary("kube-apiserver"), "--etcd-servers", etcd, "--cert-dir", keys / "api"),
        *("--bind-address", plane.address, "--advertise-address", plane.address),
        *("--secure-port", plane.port, "--service-cluster-ip-range", SERVICE_NETWORK),
        *("--service-account-issuer", "https://kubernetes.default.svc"),
        *("--service-account-signing-key-file", keys / "sa.key"),
        *("--service-account-key-file", keys / "sa.pub"),
        *("--token-auth-file", plane.folder / "tokens.csv", "--authorization-mode", "Node,RBAC"),
        *("--kubelet-preferred-address-types", "InternalIP", "--allow-privileged=true"),
        *("--audit-policy-file", plane.folder / "audit.json", "--audit-log-path", plane.audit_log),
    ]
    if plane.address.startswith("127."):  # a loopback address cannot be a Service's endpoint
        words += ["--endpoint-reconciler-type", "none"]
    command = [str(word) for word in words]
    (plane.folder / "apiserver.json").write_text(json.dumps(command))
    return command


def _write_files(plane: ControlPlane) -> None:
    keys = plane.folder / "pki"
    keys.mkdir(exist_ok=True)
    (plane.folder / "tokens.csv").write_text(f'{plane.token},admin,admin,"system:masters"\n')
    for command in (
        ("genrsa", "-out", keys / "sa.key", "2048"),
        ("rsa", "-in", keys / "sa.key", "-pubout", "-out", keys / "sa.pub"),
    ):
        subprocess.run(["openssl", *command], check=True, capture_output=True, timeout=60)
    users = {"level": "Metadata", "userGroups": ["system:serviceaccounts"]}
    policy = {
        "apiVersion": "audit.k8s.io/v1",
        "kind": "Policy",
        "omitStages": ["RequestReceived"],
        "rules": [users, {"level": "None"}],
    }
    (plane.folder / "audit.json").write_text(json.dumps(policy))
    cluster = {"server": plane.url, "certificate-authority": str(keys / "api" / "apiserver.crt")}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": CONTEXT, "cluster": cluster}],
        "users": [{"name": "admin", "user": {"token": plane.token}}],
        "contexts": [{"name": CONTEXT, "context": {"cluster": CONTEXT, "user": "admin"}}],
        "current-context": CONTEXT,
    }
    plane.kubeconfig.touch(mode=0o600)
    plane.kubeconfig.write_text(json.dumps(config, indent=2))
