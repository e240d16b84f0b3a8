"""Every reason of an event, with its type and its meaning. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, Self


class EventReason(StrEnum):
    """The reason of an event on a run.

    Attributes:
        kind: type of the event.
        meaning: when it is recorded, for the documentation.
    """

    kind: Literal["Normal", "Warning"]
    meaning: str

    def __new__(cls, name: str, kind: Literal["Normal", "Warning"], meaning: str) -> Self:
        """A member is the reason itself, with its explanation as attributes."""
        self = str.__new__(cls, name)
        self._value_ = name
        self.kind, self.meaning = kind, meaning
        return self

    ACCEPTED = ("Accepted", "Normal", "the run has a plan")
    REJECTED = ("Rejected", "Warning", "the run cannot start; the message says why")
    STARTED = ("Started", "Normal", "the first Jobs are created")
    RETRYING = ("Retrying", "Warning", "shards failed and are retried in a later wave")
    DROPPED = (
        "Dropped",
        "Warning",
        "samples of a committed shard failed; the message names the reason and the first sample",
    )
    WAITING = ("Waiting", "Warning", "the run does not progress; the message says why")
    SUSPENDED = ("Suspended", "Normal", "spec.suspend became true")
    RESUMED = ("Resumed", "Normal", "spec.suspend became false")
    PROGRESS = ("Progress", "Normal", "25, 50 or 75 % of the samples are committed")
    FINALISING = ("Finalising", "Normal", "all shards are committed")
    SUCCEEDED = ("Succeeded", "Normal", "the run ended successfully")
    FAILED = ("Failed", "Warning", "the run ended without success")
