"""Where the harness keeps things, and what of the machine it uses."""

from __future__ import annotations

import os
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
TOOLS = REPOSITORY / "hack" / "cluster"  # one Go module for each set of binaries
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "vrdata" / "cluster"
# One node at a time: bridge, cgroups and nftables belong to the machine.
STATE = Path("/var/tmp/vrdata-test-cluster")

BRIDGE = "vrdata0"
BRIDGE_MAC = "0a:58:0a:f4:00:01"  # without a fixed one it changes as pods come and go
HOST = "10.244.0.1"  # the machine, as pods see it
POD_NETWORK = "10.244.0.0/16"
SERVICE_NETWORK = "10.96.0.0/16"
NODE = "node-1"
CONTEXT = "vrdata-test"
