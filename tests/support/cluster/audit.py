"""What accounts asked of the API server, from its audit log."""

from __future__ import annotations

import json
from typing import Any

from support.cluster.installation import SYSTEM, Installation

ACCOUNT = f"system:serviceaccount:{SYSTEM}:vrdata"


def requests(installed: Installation, account: str = ACCOUNT) -> list[dict[str, Any]]:
    """All requests of an account for objects, in order."""
    lines = installed.node.plane.audit_log.read_text().splitlines()
    return [
        event
        for event in map(json.loads, lines)
        if event["user"]["username"] == account and "objectRef" in event
    ]


def forbidden(installed: Installation, account: str = ACCOUNT) -> list[tuple[str, Any]]:
    """Those that were refused for want of a right: verb and object."""
    return [
        (event["verb"], event["objectRef"])
        for event in requests(installed, account)
        if event.get("responseStatus", {}).get("code") == 403
    ]
