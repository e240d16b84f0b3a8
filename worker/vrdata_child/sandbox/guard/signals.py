"""Calls that reach processes; a block that signals itself is reported as the sender."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any, NoReturn

from vrdata_child.sandbox.guard.tasks import Tasks
from vrdata_child.sandbox.policy import OUTSIDE_SIGNALS, SIGNALS, SIGNALS_INSIDE
from vrdata_child.sandbox.seccomp import Call


class Signals:
    """Decides which processes a call may reach.

    Reports signals that can end a block or the process at the top: they do not come from outside.

    Args:
        top: the first process of the sandbox.
        tasks: of the sandbox.
        send: sends a packet to the supervisor.

    Attributes:
        landlock: version of its interface; 0 = none.
    """

    def __init__(self, top: int, tasks: Tasks, send: Callable[[dict[str, Any]], bool]) -> None:
        self.landlock = 0
        self._top, self._tasks, self._send = top, tasks, send
        outside = (os.getpid(), os.getppid())
        self._protected = {-1, *outside, *(-one for one in outside)}

    def allows(self, asked: Call, name: str, leader: int, target: int) -> bool:
        """Whether the kernel may make the call. A new Landlock also restricts signals.

        Args:
            asked: the call.
            name: of the call.
            leader: the block of its thread.
            target: as in kill(2).
        """
        signals = name in SIGNALS
        kernel = signals and self.landlock >= SIGNALS_INSIDE and target not in self._protected
        if not kernel and not self._tasks.is_inside(asked.task, leader, target):
            return False
        number = asked.arguments[SIGNALS[name]] if signals else 0
        if number in OUTSIDE_SIGNALS and self._tasks.reaches(asked.task, leader, target):
            block = leader if leader != self._top else None
            self._send({"event": "signalled", "pid": block, "signal": number})
        return True


def end_like(code: int) -> NoReturn:
    """End this process as another one has ended.

    Args:
        code: its exit code, or a negative signal, which ends this process, too.
    """
    if code < 0:
        if -code != signal.SIGKILL:
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code if code >= 0 else 128 - code)
