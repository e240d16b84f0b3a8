"""The tables of docs/cluster.md that list reasons."""

from __future__ import annotations

from enum import Enum


class Topic(Enum):
    """Which table lists a reason."""

    BLOCKED = "blocked"
    ENDED = "ended"
    STATE = "state"
