"""Count refused calls and report them, a few at once and the rest in batches."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

_AT_ONCE = 32  # of one kind; a loop of refused calls does not fill the supervisor's socket
MAX_KINDS = 100  # a generator can choose the names of programs

Kind = tuple[int | None, str, str]


class Refusals:
    """Refused calls by block, what was refused, and program.

    Args:
        send: sends a packet without waiting; whether it was sent.
    """

    def __init__(self, send: Callable[[dict[str, Any]], bool]) -> None:
        self._send = send
        self._seen: Counter[Kind] = Counter()
        self._waiting: Counter[Kind] = Counter()
        self._limits: set[str] = set()
        self._lock = threading.Lock()

    @property
    def waiting(self) -> bool:
        """Whether some are not reported yet."""
        return bool(self._waiting)

    def add(self, block: int | None, what: str, program: str, *, limit: bool = False) -> None:
        """Count one refused call.

        Args:
            block: process of the block, or None.
            what: what it tried to do, as in "open a network connection".
            program: that asked.
            limit: the block has reached a limit and is to be ended.
        """
        with self._lock:
            if limit:
                self._limits.add(what)
            kind = (block, what, program)
            if kind not in self._seen and len(self._seen) >= MAX_KINDS:
                kind = (block, what, "other programs")
            self._seen[kind] += 1
            self._waiting[kind] += 1
            now = self._seen[kind] <= _AT_ONCE
        if now:
            self.flush()

    def forget(self, block: int) -> None:
        """A block has ended; its refused calls are reported."""
        self.flush()
        with self._lock:
            for kind in [one for one in self._seen if one[0] == block]:
                del self._seen[kind]

    def flush(self) -> None:
        """Report what waits."""
        with self._lock:
            for kind, count in list(self._waiting.items()):
                block, what, program = kind
                packet = {"event": "refused", "pid": block, "what": what, "program": program}
                packet |= {"count": count, "limit": what in self._limits}
                if not self._send(packet):
                    return
                del self._waiting[kind]
