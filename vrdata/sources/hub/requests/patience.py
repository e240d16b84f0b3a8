"""Repeat a request of `resolve` while the Hub is overloaded."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, TypeVar

from vrdata.sources.hub.requests.client import NoAnswerError
from vrdata.sources.port import SourceUnavailableError

T = TypeVar("T")

LONGEST_SECONDS: Final = 300.0  # as for a store; the Hub counts requests in windows of 5 minutes
SILENT_SECONDS: Final = 60.0  # if the Hub names no time
PAUSES: Final = (1.0, 2.0, 4.0, 8.0, 15.0)  # the last one repeats


class Patience:
    """Repeats requests. A hub that has never answered is not waited for: its name may be wrong.

    Args:
        pause: waits for a number of seconds.
        clock: seconds of a monotonic clock.
    """

    def __init__(
        self,
        pause: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pause = pause
        self._clock = clock
        self._answered = False

    def repeat(self, request: Callable[[], T]) -> T:
        """What the request returns.

        Raises:
            SourceUnavailableError: it has failed for too long.
        """
        start, pauses = self._clock(), iter(PAUSES)
        while True:
            try:
                result = request()
            except SourceUnavailableError as error:
                if isinstance(error, NoAnswerError) and not self._answered:
                    raise
                asked = error.retry_after
                pause = next(pauses, PAUSES[-1]) if asked is None else asked
                limit = SILENT_SECONDS if asked is None else LONGEST_SECONDS
                if self._clock() - start + pause > limit:
                    raise
                self._pause(pause)
            else:
                self._answered = True
                return result
