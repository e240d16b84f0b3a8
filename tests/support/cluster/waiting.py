"""Poll with a deadline."""

from __future__ import annotations

import time
from collections.abc import Callable


def wait_for(
    condition: Callable[[], bool], what: str, seconds: float, details: Callable[[], str] = str
) -> None:
    """Poll until the condition holds.

    Raises:
        TimeoutError: it does not hold within `seconds`; the message ends with `details()`.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds:.0f} s: {what}\n{details()}")
        time.sleep(0.2)
