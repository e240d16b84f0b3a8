"""The bridge that connects pods and the machine."""

from __future__ import annotations

import subprocess

from support.cluster.places import BRIDGE, BRIDGE_MAC, HOST


def make_bridge() -> None:
    """Create the bridge, unless it exists."""
    if _ip("link", "show", BRIDGE, check=False):
        return
    _ip("link", "add", BRIDGE, "type", "bridge")
    _ip("link", "set", BRIDGE, "address", BRIDGE_MAC)
    _ip("address", "add", f"{HOST}/16", "dev", BRIDGE)
    _ip("link", "set", BRIDGE, "up")


def remove_bridge() -> None:
    """Remove the bridge, if it exists, and kube-proxy's tables."""
    _ip("link", "delete", BRIDGE, check=False)
    for family in ("ip", "ip6"):
        subprocess.run(
            ["nft", "delete", "table", family, "kube-proxy"], capture_output=True, check=False
        )


def _ip(*words: str, check: bool = True) -> bool:
    done = subprocess.run(["ip", *words], capture_output=True, check=check, timeout=30)
    return done.returncode == 0
