"""Progress, rate and remaining time of a run as text. Pure, but for the state of `RateMeter`."""

from __future__ import annotations

from collections import deque

WINDOW_SECONDS = 600.0
MIN_SPAN_SECONDS = 5.0


class RateMeter:
    """Samples per second over the last ten minutes of one run.

    Attributes:
        changed_at: when the number of samples changed last, in seconds since the epoch.
    """

    def __init__(self) -> None:
        self.changed_at = 0.0
        self._points: deque[tuple[float, int]] = deque()

    def record(self, now: float, samples: int) -> float | None:
        """Record the samples so far.

        Args:
            now: seconds since the epoch.
            samples: committed samples.

        Returns:
            Samples per second; None while too little is known.
        """
        if not self._points or self._points[-1][1] != samples:
            self.changed_at = now
        if self.changed_at == now or now - self._points[-1][0] >= 1:
            self._points.append((now, samples))
        while now - self._points[0][0] > WINDOW_SECONDS:
            self._points.popleft()
        first, last = self._points[0], self._points[-1]
        span = now - first[0]
        if span < MIN_SPAN_SECONDS or last[1] <= first[1]:
            return None
        return (last[1] - first[1]) / span


def progress_text(done: int, desired: int) -> str:
    """For example `812400/1000000 (81%)`; 100 % only when everything is committed."""
    percent = 100 if done >= desired else min(99, done * 100 // max(1, desired))
    return f"{done}/{desired} ({percent}%)"


def rate_text(rate: float | None) -> str:
    """For example `148/s`, `0.5/s`, `12/min`; empty while unknown."""
    if rate is None or rate <= 0:
        return ""
    if rate >= 10:
        return f"{rate:.0f}/s"
    return f"{rate:.1f}/s" if rate >= 0.1 else f"{rate * 60:.1f}/min"


def duration_text(seconds: float | None) -> str:
    """As kubectl prints ages: `45s`, `21m`, `2h4m`, `3d2h`; empty while unknown."""
    if seconds is None:
        return ""
    whole = max(0, round(seconds))
    if whole < 120:
        return f"{whole}s"
    minutes = whole // 60
    if minutes < 180:
        return f"{minutes}m"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours}h{minutes}m" if minutes else f"{hours}h"
    days, hours = divmod(hours, 24)
    return f"{days}d{hours}h" if hours else f"{days}d"
