"""When the next attempt of a shard starts, and what it can change. Pure.

Local runs and the operator call the same functions. An interrupted attempt is not charged to
`failurePolicy.retries` (`FailureReason.charged`); it has its own limit and pauses.
"""

from __future__ import annotations

import re
import signal
from typing import Final

from vrdata.contract.reasons import FailureReason
from vrdata.contract.records import Failure
from vrdata.contract.recurs import Recurs
from vrdata.contract.retries import Retry

MAX_UNCHARGED: Final = 100
"""Uncharged attempts of one shard in one run or repair; the last of them fails the shard."""

LONGEST_PAUSE: Final = 60.0

OUTSIDE_SIGNALS: Final = frozenset(
    {signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT}
)
"""Signals that people and programs send; the others come from what a process does itself."""

_VARIES = re.compile(r"0x[0-9a-f]+|\d+([.,]\d+)*", re.IGNORECASE)  # addresses, times, sizes


def pause_after(uncharged: int) -> float:
    """Seconds to wait before the next attempt of a shard: 0, 2, 4, 8 … 60.

    Args:
        uncharged: attempts of the shard that were not charged so far, the last one included.
    """
    if uncharged <= 1:
        return 0.0
    return min(LONGEST_PAUSE, 2.0 ** min(uncharged - 1, 10))


def start_after(failed: float, uncharged: int, now: float) -> float:
    """When the next attempt of a shard starts, in seconds since the epoch.

    A failure in the future has the time of another clock, or of one that was set back since: it
    would make the pause longer by that difference, so no pause follows it.

    Args:
        failed: when the last attempt failed.
        uncharged: see `pause_after`.
        now: the time.
    """
    return now if failed > now else failed + pause_after(uncharged)


def is_exhausted(uncharged: int) -> bool:
    """Whether no attempt follows the last of so many `uncharged` ones."""
    return uncharged >= MAX_UNCHARGED


def retry_after(failure: Failure, previous: Failure | None, *, more_memory: bool = False) -> Retry:
    """What another attempt can change, given the last two failures of a shard.

    The same failure of the same sample twice is certain: another attempt succeeds only without
    the sample.

    Args:
        failure: of the last attempt.
        previous: of the last charged attempt before it in this run; None = there is none.
        more_memory: another attempt gets more memory.
    """
    certain = (
        previous is not None
        and failure.retry is Retry.USEFUL
        and _is_same(failure, previous)
        and not (more_memory and failure.reason is FailureReason.OUT_OF_MEMORY)
    )
    return Retry.DROPPING if certain else failure.retry


def _is_same(failure: Failure, previous: Failure) -> bool:
    """Whether the same sample failed in the same way; numbers in the message may differ."""
    return (
        failure.reason is previous.reason
        and failure.reason.recurs is not Recurs.OUTSIDE
        and failure.sample is not None
        and failure.sample == previous.sample
        and _first_line(failure) == _first_line(previous)
    )


def _first_line(failure: Failure) -> str:
    return _VARIES.sub("#", failure.message.partition("\n")[0])
