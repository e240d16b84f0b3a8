"""Folders, addresses and names of the test cluster."""

from __future__ import annotations

import os
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
TOOLS = REPOSITORY / "hack" / "cluster"  # one Go module for each set of binaries
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "vrdata" / "cluster"
# One node at a time: bridge, cgroups and nftables belong to the machine.
STATE = Path("/var/tmp/vrdata-test-cluster")

BRIDGE = "vrdata0"
BRIDGE_MAC = "0a:58:0a:f4:00:01"  # fixed: otherwise it changes whenever a pod starts or ends
HOST = "10.244.0.1"  # the address of this machine for pods
POD_NETWORK = "10.244.0.0/16"
SERVICE_NETWORK = "10.96.0.0/16"
NODE = "node-1"
CONTEXT = "vrdata-test"
