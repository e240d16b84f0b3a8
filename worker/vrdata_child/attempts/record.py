"""Write refused attempts to a file of the block; the supervisor reads it when the block ends.

Processes that the block forks write to the same file, and what a killed process has written stays.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Sequence

NAME = "refused.jsonl"
MAX_KINDS = 100  # of one process
MAX_TEXT = 300  # characters
_AT_ONCE = 32  # of one kind; more are written when their number doubles, and at the end

Kind = tuple[str, str]
_open, _write, _close, _getpid = os.open, os.write, os.close, os.getpid


class Record:
    """Counts the attempts of one process by what was tried and by line.

    Args:
        folder: of the template or the block.
        program: name of the interpreter.
    """

    def __init__(self, folder: str, program: str) -> None:
        self._path = f"{folder}/{NAME}"
        self._program = program
        self._process = _getpid()
        self._seen: Counter[Kind] = Counter()
        self._waiting: Counter[Kind] = Counter()
        self._started: set[tuple[str, str]] = set()

    def add(self, what: str, where: str) -> None:
        """Count one attempt.

        Args:
            what: it tried to do, as in "open a network connection".
            where: line of the generator's own code, or "".
        """
        if _getpid() != self._process:  # a fork: its parent writes what waits
            self._process = _getpid()
            self._waiting.clear()
        kind = what[:MAX_TEXT], where[:MAX_TEXT]
        if kind not in self._seen and len(self._seen) >= MAX_KINDS:
            kind = "do other things", ""
        self._seen[kind] += 1
        self._waiting[kind] += 1
        seen = self._seen[kind]
        if seen <= _AT_ONCE or seen & (seen - 1) == 0:
            self.flush()

    def flush(self) -> None:
        """Write what waits."""
        for (what, where), count in self._waiting.items():
            self._append({"what": what, "program": self._program, "where": where, "count": count})
        self._waiting.clear()

    def is_new_start(self, program: str, where: str) -> bool:
        """Whether a line has not started this program before; False when there are too many."""
        if (program, where) in self._started or len(self._started) >= MAX_KINDS:
            return False
        self._started.add((program, where))
        return True

    def add_start(self, names: Sequence[str], where: str) -> None:
        """Write which line has started a program.

        Args:
            names: that the program, or one that it starts, can have.
            where: line of the generator's own code.
        """
        self._append({"start": list(names), "where": where})

    def _append(self, line: dict[str, object]) -> None:
        body = json.dumps(line).encode() + b"\n"
        try:
            file = _open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError:
            return
        try:
            _write(file, body)
        except OSError:
            pass  # a full disk ends the block for its own reason
        finally:
            _close(file)
