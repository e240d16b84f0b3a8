"""Run a check in a forked process."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Callable

SECONDS = 120


def holds_after_fork(check: Callable[[], bool]) -> bool:
    """What a check returns in a child; False if it fails or hangs.

    The frames of other tests can have threads of FFmpeg, which a child does not have: to collect
    them there would wait for ever.
    """
    gc.collect()
    gc.freeze()
    child = os.fork()
    if not child:
        signal.alarm(SECONDS)
        held = False
        try:
            held = check()
        finally:
            os._exit(0 if held else 1)
    gc.unfreeze()
    return os.waitpid(child, 0)[1] == 0
