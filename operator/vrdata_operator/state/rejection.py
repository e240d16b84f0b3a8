"""A reason with the details of one case: why a run is rejected, waits or has ended. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from vrdata_operator.reasons import Reason


@dataclass(frozen=True, slots=True)
class Explanation:
    """A reason and the details of one case.

    Attributes:
        detail: names, numbers or the text of another program; empty = none.
        fix: what to do in this case; empty = what the reason says.
    """

    reason: Reason
    detail: str = ""
    fix: str = ""

    @property
    def message(self) -> str:
        """The message of a condition."""
        return self.reason.message(self.detail, self.fix)


@dataclass(frozen=True, slots=True)
class Rejection(Explanation):
    """Why a run cannot start."""
