"""Remove what a killed test process left on the machine. Safe to call at any time."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from support.cluster.parts.network import remove_bridge
from support.cluster.parts.processes import Processes
from support.cluster.places import STATE

CGROUPS = Path("/sys/fs/cgroup")
PODS = "kubepods"  # the kubelet's name for all pods of a node
GONE_SECONDS = 20.0


def clean() -> None:
    """Stop recorded processes and pods; remove mounts, cgroups, bridge, tables and files."""
    if not STATE.exists():
        return
    Processes(STATE / "node").stop_all()
    Processes(STATE).stop_all()
    for pid in _shims():
        _kill(pid)
    _remove_pods()
    _unmount()
    remove_bridge()
    shutil.rmtree(STATE, ignore_errors=True)


def foreign_kubelet() -> int | None:
    """The pid of a kubelet that the tests did not start; its pods must not be touched."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            words = _command(folder)
            if words and words[0].endswith("kubelet") and str(STATE) not in " ".join(words):
                return int(folder.name)
    return None


def _shims() -> list[int]:
    """Pids of containerd's shims, which outlive it; ours name our socket."""
    return [
        int(folder.name)
        for folder in Path("/proc").iterdir()
        if folder.name.isdecimal()
        and any("containerd-shim" in word for word in _command(folder)[:1])
        and any(str(STATE) in word for word in _command(folder))
    ]


def _remove_pods() -> None:
    """Kill the processes in the cgroups of pods and remove the cgroups (v1 and v2)."""
    roots = [CGROUPS / PODS, *CGROUPS.glob(f"*/{PODS}")]
    deadline = time.monotonic() + GONE_SECONDS
    while time.monotonic() < deadline:
        present = [root for root in roots if root.exists()]
        if not present:
            return
        for root in present:
            _empty(root)
        time.sleep(0.1)


def _empty(root: Path) -> None:
    for folder, _, _ in os.walk(root, topdown=False):
        with contextlib.suppress(OSError):
            for pid in (Path(folder) / "cgroup.procs").read_text().split():
                _kill(int(pid))
        with contextlib.suppress(OSError):
            Path(folder).rmdir()


def _unmount() -> None:
    mounts = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
    for mount in sorted((m for m in mounts if m.startswith(f"{STATE}/")), reverse=True):
        subprocess.run(["umount", "-l", mount], capture_output=True, check=False)


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _command(folder: Path) -> list[str]:
    try:
        return (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return []
