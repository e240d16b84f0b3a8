"""Times as the Kubernetes API writes them. Pure: nothing here reads a clock."""

from __future__ import annotations

import datetime as dt


def timestamp(seconds: float) -> str:
    """RFC 3339 in UTC, whole seconds.

    Args:
        seconds: since the epoch.
    """
    moment = dt.datetime.fromtimestamp(seconds, dt.UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds(text: str) -> float:
    """Seconds since the epoch of an RFC 3339 time. Raises ValueError for other text."""
    return dt.datetime.fromisoformat(text).timestamp()
