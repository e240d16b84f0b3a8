"""What a run tells while none of its pods runs. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

TOLD_SECONDS = 15.0  # until the status has the reason of a pause


@dataclass
class Pauses:
    """The pauses of one run, as somebody sees them who looks again and again.

    Attributes:
        told: how many pauses had which reason.
        late: pauses without a reason for more than TOLD_SECONDS.
        longest: seconds until the first reason of a pause was there, at most.
    """

    told: Counter[str] = field(default_factory=Counter)
    late: list[str] = field(default_factory=list)
    longest: float = 0.0
    _since: float | None = None
    _reasons: set[str] = field(default_factory=set)

    def look(self, now: float, *, runs: bool, reason: str) -> None:
        """Note what is there at the moment.

        Args:
            now: seconds of a clock that only goes forward.
            runs: a pod of the run runs or starts, or the run has finished.
            reason: why nothing runs, as the status tells it; empty = it does not.
        """
        if runs:
            self._end(now)
            return
        if self._since is None:
            self._since = now
        if reason and reason not in self._reasons:
            if not self._reasons:
                self._tell(now - self._since)
            self._reasons.add(reason)
            self.told[reason] += 1

    def _end(self, now: float) -> None:
        if self._since is not None and not self._reasons and now - self._since > TOLD_SECONDS:
            self._tell(now - self._since)
        self._since, self._reasons = None, set()

    def _tell(self, seconds: float) -> None:
        self.longest = max(self.longest, seconds)
        if seconds > TOLD_SECONDS:
            self.late.append(f"pause without a reason: for {seconds:.0f} s")
