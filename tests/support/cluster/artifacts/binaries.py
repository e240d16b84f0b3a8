"""Build Kubernetes, etcd and helm from their Go modules, once, into a cache."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.cluster.places import CACHE, TOOLS

VERSION = "v1.36.3"
_STAMP = "k8s.io/component-base/version"
PACKAGES = {
    "kube": tuple(
        f"k8s.io/kubernetes/cmd/{name}"
        for name in (
            "kube-apiserver",
            "kube-controller-manager",
            "kube-scheduler",
            "kube-proxy",
            "kubectl",
            "kubelet",
        )
    ),
    "etcd": ("go.etcd.io/etcd/server/v3",),
    "helm": ("helm.sh/helm/v3/cmd/helm",),
    "prometheus": ("github.com/prometheus/prometheus/cmd/prometheus",),
}
# No test needs the service discovery of clouds, which is most of Prometheus.
TAGS = {"prometheus": "remove_all_sd"}
# Without debug information, and with fewer collections of garbage, Go takes a quarter less CPU.
FAST = ("-trimpath", "-gcflags=all=-dwarf=false")
COLLECT = {"GOGC": "400"}
BUILD_SECONDS = 3600  # on a machine that other builds use, too


class MissingToolError(Exception):
    """The machine lacks a tool or a right; the message names it."""


def folder_of(tools: str) -> Path:
    """The folder with the binaries of a set; builds them once. Safe for concurrent processes.

    Raises:
        MissingToolError: Go is not installed.
        subprocess.CalledProcessError: the build fails.
    """
    module = TOOLS / tools
    key = hashlib.sha256((module / "go.mod").read_bytes() + (module / "go.sum").read_bytes())
    folder = CACHE / f"{tools}-{key.hexdigest()[:12]}"
    with _lock(CACHE / f"{tools}.lock"):
        if not folder.exists():
            _build(module, PACKAGES[tools], folder)
    return folder


def binary(name: str) -> Path:
    """Path of one binary."""
    for tools, packages in PACKAGES.items():
        if name == "etcd" and tools == "etcd":
            return folder_of(tools) / "etcd"
        if any(package.endswith(f"/{name}") for package in packages):
            return folder_of(tools) / name
    raise ValueError(name)


def _build(module: Path, packages: tuple[str, ...], folder: Path) -> None:
    go = shutil.which("go")
    if go is None:
        raise MissingToolError("Go is not installed; it builds the cluster's binaries")
    part = folder.with_name(folder.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    major, minor, _ = VERSION.removeprefix("v").split(".")
    # A server without these reports v0.0.0, and clients misbehave.
    stamps = {"gitVersion": VERSION, "gitMajor": major, "gitMinor": minor}
    flags = " ".join(f"-X {_STAMP}.{name}={value}" for name, value in stamps.items())
    target = part / "etcd" if module.name == "etcd" else part  # its package is named v3
    out = f"{target}/" if target is part else str(target)
    tags = ["-tags", TAGS[module.name]] if module.name in TAGS else []
    subprocess.run(
        [go, "build", *FAST, *tags, "-ldflags", f"-s -w {flags}", "-o", out, *packages],
        cwd=module,
        env=os.environ | COLLECT | {"CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly"},
        check=True,
        timeout=BUILD_SECONDS,
    )
    part.rename(folder)


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
