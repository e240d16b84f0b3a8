"""The tables of docs/cluster.md that list reasons, and what a reason says."""

from __future__ import annotations

from enum import Enum, StrEnum
from typing import Self


class Topic(Enum):
    """Which table lists a reason."""

    BLOCKED = "blocked"
    ENDED = "ended"
    STATE = "state"


class Explained(StrEnum):
    """A name with its explanation; subclasses have the members.

    Attributes:
        topic: the table that lists it.
        meaning: one sentence without a full stop; messages start with it.
        fix: what a user or an administrator does about it; empty when there is nothing to do.
    """

    topic: Topic
    meaning: str
    fix: str

    def __new__(cls, name: str, topic: Topic, meaning: str, fix: str = "") -> Self:
        """A member is the reason itself, with its explanation as attributes."""
        self = str.__new__(cls, name)
        self._value_ = name
        self.topic, self.meaning, self.fix = topic, meaning, fix
        return self

    def message(self, detail: str = "", fix: str = "") -> str:
        """The message of a condition: meaning, detail and fix, as sentences.

        Args:
            detail: names, numbers or the text of another program; empty = none.
            fix: what to do in this case; empty = the reason's own fix.
        """
        found = f"{self.meaning}: {detail}" if detail else self.meaning
        ending = fix or self.fix
        if not ending:
            return found
        stop = "" if found.endswith((".", "?", "!")) else "."
        return f"{found}{stop} {ending[0].upper()}{ending[1:]}"
