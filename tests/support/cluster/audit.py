"""Requests of service accounts, from the audit log of the API server."""

from __future__ import annotations

import datetime as dt
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
    """The requests that the server refused with 403: verb and object.

    Ignores what a restarting API server refuses before it is ready: it has not read its roles.
    """
    restarts = _restarts(installed)
    return [
        (event["verb"], event["objectRef"])
        for event in requests(installed, account)
        if event.get("responseStatus", {}).get("code") == 403
        and not any(begun <= _received(event) <= ready for begun, ready in restarts)
    ]


def _restarts(installed: Installation) -> list[tuple[float, float]]:
    path = installed.node.plane.restarts
    lines = path.read_text().splitlines() if path.exists() else []
    return [(begun, ready) for begun, ready in map(json.loads, lines)]


def _received(event: dict[str, Any]) -> float:
    return dt.datetime.fromisoformat(event["requestReceivedTimestamp"]).timestamp()
