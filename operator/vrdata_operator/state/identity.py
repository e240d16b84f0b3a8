"""Which run owns a Job. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RunIdentity:
    """The run that owns a Job.

    Attributes:
        queue: spec.queueName; empty = none.
        repair: value of the repair annotation; empty = none.
    """

    name: str
    namespace: str
    uid: str
    queue: str = ""
    repair: str = ""
