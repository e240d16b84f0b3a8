"""Lines about waits for the store: when the first request waits, and when the store answers."""

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
        self._waiting: Counter[int] = Counter()

    def take(self, who: int, wait: StoreWait) -> None:
        """A request of a process waits, or such a wait has ended."""
        if wait.why:
            if not self._waiting.total():
                since = datetime.now().astimezone() - timedelta(seconds=wait.seconds)
                self._say(
                    f"waiting for the store since {since:%H:%M:%S}: {wait.why} "
                    f"(a request waits up to {_duration(wait.limit)})"
                )
            self._waiting[who] += 1
            return
        self._waiting[who] = max(0, self._waiting[who] - 1)
        if wait.answered and not self._waiting.total():
            self._say(f"the store answers again after {_duration(wait.seconds)}")

    def forget(self, who: int) -> None:
        """A process has ended."""
        del self._waiting[who]


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} minutes"
