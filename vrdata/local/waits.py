"""Lines about waits for the store and for sources: when the first request waits, and its answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

from vrdata.contract.messages import StoreWait


class WaitLines:
    """The waits of all workers, or of this process, as lines for the user.

    Args:
        say: prints a line.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._waiting: dict[str, Counter[int]] = {}  # by the source, "" = the store

    def take(self, who: int, wait: StoreWait) -> None:
        """A request of a process waits, or such a wait has ended."""
        waiting = self._waiting.setdefault(wait.source, Counter())
        what = f"the source of {wait.source}" if wait.source else "the store"
        if wait.why:
            if not waiting.total():
                since = datetime.now().astimezone() - timedelta(seconds=wait.seconds)
                self._say(
                    f"waiting for {what} since {since:%H:%M:%S}: {wait.why} "
                    f"(a request waits up to {_duration(wait.limit)})"
                )
            waiting[who] += 1
            return
        waiting[who] = max(0, waiting[who] - 1)
        if wait.answered and not waiting.total():
            self._say(f"{what} answers again after {_duration(wait.seconds)}")

    def forget(self, who: int) -> None:
        """A process has ended."""
        for waiting in self._waiting.values():
            del waiting[who]


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} minutes"
