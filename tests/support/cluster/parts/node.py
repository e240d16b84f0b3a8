"""containerd, kubelet and kube-proxy: a node that runs real containers."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from support.cluster import leftovers
from support.cluster.artifacts.binaries import MissingToolError, binary
from support.cluster.artifacts.images import ImageBuilder
from support.cluster.parts.control_plane import ControlPlane, start_api_server, start_controllers
from support.cluster.parts.network import make_bridge
from support.cluster.parts.processes import Processes
from support.cluster.places import BRIDGE, HOST, NODE, POD_NETWORK, STATE
from support.cluster.waiting import wait_for

PLUGINS = Path("/usr/lib/cni")
NEEDED = ("containerd", "runc", "ctr", "ip", "nft", "conntrack", "buildah", "debootstrap")
READY_SECONDS = 120
PAUSE = "localhost/vrdata-test-pause:1"


@dataclass(frozen=True)
class Node:
    """A running cluster of one node."""

    plane: ControlPlane
    processes: Processes

    @property
    def socket(self) -> Path:
        """Containerd's socket."""
        return STATE / "node" / "containerd.sock"

    def kubectl(self, *words: object, check: bool = True, **run: object) -> str:
        """Run kubectl as the administrator; returns its standard output."""
        done = subprocess.run(
            [binary("kubectl"), "--kubeconfig", self.plane.kubeconfig, *map(str, words)],
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
            **run,  # type: ignore[call-overload]
        )
        if check and done.returncode:
            raise AssertionError(f"kubectl {' '.join(map(str, words))}: {done.stderr}")
        return str(done.stdout)

    def load(self, archive: Path, *names: str) -> str:
        """Import an image archive; returns the digest of its manifest."""
        self._ctr("images", "import", str(archive))
        listed = self._ctr("images", "ls").splitlines()
        digest = next(line.split()[2] for line in listed if line.split()[0] == names[0])
        for name in names[1:]:
            self._ctr("images", "tag", "--force", names[0], name)
        reference = f"{names[0].rpartition(':')[0]}@{digest}"
        self._ctr("images", "tag", "--force", names[0], reference)
        return digest

    def stop(self) -> None:
        """Stop everything and leave nothing on the machine."""
        leftovers.clean()

    def _ctr(self, *words: str) -> str:
        return subprocess.run(
            ["ctr", "--address", str(self.socket), "--namespace", "k8s.io", *words],
            capture_output=True,
            text=True,
            check=True,
            timeout=300,
        ).stdout


def missing() -> str:
    """What this machine lacks to run a node, or an empty string."""
    if os.geteuid() != 0:
        return "root is needed for containers"
    lacking = [name for name in NEEDED if shutil.which(name) is None]
    if not (PLUGINS / "bridge").exists():
        lacking.append(str(PLUGINS / "bridge"))
    if lacking:
        return f"not installed: {', '.join(lacking)}; run hack/install-test-tools"
    if (pid := leftovers.foreign_kubelet()) is not None:
        return f"a kubelet of another cluster runs here (pid {pid})"
    return ""


def start_node() -> Node:
    """Remove the leftovers of an earlier cluster and start one of a single node.

    Raises:
        MissingToolError: the machine lacks a tool or a right.
        TimeoutError: a part does not become ready.
    """
    if reason := missing():
        raise MissingToolError(reason)
    leftovers.clean()
    STATE.mkdir(mode=0o700, parents=True)
    make_bridge()
    plane = start_api_server(STATE, HOST)
    start_controllers(plane)
    node = Node(plane, Processes(STATE / "node"))
    _start_containerd(node)
    archive = ImageBuilder().pause(PAUSE)
    node.load(archive, PAUSE)
    _start_kubelet(node)
    wait_for(
        lambda: _is_ready(node),
        "a Ready node",
        READY_SECONDS,
        lambda: node.processes.log("kubelet"),
    )
    return node


def _start_containerd(node: Node) -> None:
    folder = STATE / "node"
    (folder / "cni").mkdir(parents=True)
    (folder / "containerd.toml").write_text(
        _CONTAINERD.format(folder=folder, pause=PAUSE, plugins=PLUGINS)
    )
    network = {
        "type": "bridge",
        "bridge": BRIDGE,
        "isGateway": True,
        "ipam": {
            "type": "host-local",
            "dataDir": str(folder / "leases"),
            "ranges": [[{"subnet": POD_NETWORK, "rangeStart": "10.244.0.10"}]],
            "routes": [{"dst": "0.0.0.0/0"}],
        },
    }
    config = {"cniVersion": "0.4.0", "name": "vrdata-test", "plugins": [network]}
    (folder / "cni" / "10.conflist").write_text(json.dumps(config))
    node.processes.start("containerd", ["containerd", "--config", folder / "containerd.toml"])
    wait_for(node.socket.exists, "containerd", 30, lambda: node.processes.log("containerd"))
    wait_for(lambda: _answers(node), "containerd", 30, lambda: node.processes.log("containerd"))


def _start_kubelet(node: Node) -> None:
    folder = STATE / "node"
    config = {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "cgroupDriver": "cgroupfs",
        "failCgroupV1": False,
        "failSwapOn": False,
        "address": HOST,
        # The API server has no client certificate; only this machine reaches the bridge.
        "authentication": {"anonymous": {"enabled": True}, "webhook": {"enabled": False}},
        "authorization": {"mode": "AlwaysAllow"},
        "evictionHard": {
            "memory.available": "50Mi",
            "nodefs.available": "1%",
            "imagefs.available": "1%",
        },
        "imageGCHighThresholdPercent": 100,
        "imageGCLowThresholdPercent": 99,
        "containerRuntimeEndpoint": f"unix://{node.socket}",
        "enforceNodeAllocatable": [],
        "resolvConf": "/etc/resolv.conf",
    }
    (folder / "kubelet.json").write_text(json.dumps(config))
    common = ("--kubeconfig", node.plane.kubeconfig, "--hostname-override", NODE)
    node.processes.start(
        "kubelet",
        [
            *(binary("kubelet"), "--config", folder / "kubelet.json", *common),
            *("--node-ip", HOST, "--root-dir", folder / "kubelet"),
        ],
    )
    node.processes.start(
        "kube-proxy",
        [
            *(binary("kube-proxy"), "--proxy-mode=nftables", "--conntrack-max-per-core=0", *common),
            *(f"--metrics-bind-address={HOST}:10249", f"--healthz-bind-address={HOST}:10256"),
        ],
    )


def _is_ready(node: Node) -> bool:
    nodes = node.plane.read("/api/v1/nodes")["items"]
    conditions = [one for item in nodes for one in item["status"]["conditions"]]
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


def _answers(node: Node) -> bool:
    words = ["ctr", "--address", str(node.socket), "version"]
    return subprocess.run(words, capture_output=True, check=False, timeout=30).returncode == 0


_CONTAINERD = """version = 2
root = "{folder}/root"
state = "{folder}/state"
[grpc]
  address = "{folder}/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  # Without CAP_SYS_RESOURCE a sandbox cannot lower its score.
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  sandbox_image = "{pause}"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{plugins}"
    conf_dir = "{folder}/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
"""
