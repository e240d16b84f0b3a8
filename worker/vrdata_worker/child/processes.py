"""The processes of a template: its guard, the template itself, and what they start."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vrdata.contract.attempts import OUTSIDE_SIGNALS
from vrdata.contract.reasons import FailureReason
from vrdata.contract.records import Failure
from vrdata.memory import MemoryWatch, told

CLOSE_SECONDS = 5.0
MAX_KILLS = 3  # of the same work; if nobody can see who sent the signals, it was its own code
_OUTSIDE = " from outside"
_OF_THE_GUARD = frozenset({"closed", "refused", "signalled"})
_OF_THE_TEMPLATE = frozenset({"ready", "broken", "started", "exit"})
_OF_A_BLOCK = frozenset({"sample", "invalid", "end"})
_STOPPED = ("T", "t")  # proc(5), stat


class Processes:
    """The guard and its template.

    Args:
        guard: the process that the supervisor has started.
        blocks: the process of each running block; 0 = not started yet.

    Attributes:
        template: process number of the template; 0 until the guard has reported it.
    """

    def __init__(self, guard: subprocess.Popen[bytes], blocks: Mapping[int, int]) -> None:
        self._guard = guard
        self._blocks = blocks
        self._memory = MemoryWatch.begin()
        self.template = 0
        self._handle = -1  # of the template: it names no other process later
        self._own: set[tuple[int | None, int]] = set()  # signals that processes sent themselves

    def found(self, template: int) -> None:
        """Set the process of the template, as the guard reports it."""
        self.template = template
        with contextlib.suppress(OSError):
            self._handle = os.pidfd_open(template)

    def hear(self, packet: Mapping[str, Any]) -> None:
        """Note which processes have sent themselves a signal, from a packet of the guard."""
        if packet["event"] == "signalled":
            self._own.add((packet["pid"], packet["signal"]))

    def sent_itself(self, process: int | None, number: int | None) -> bool:
        """Whether a block that has ended has sent its process this signal; None = the template."""
        found = (process, number) in self._own
        if process is not None:  # another block can have its number next
            self._own = {one for one in self._own if one[0] != process}
        return found

    @property
    def guard(self) -> int:
        """Process number of the guard."""
        return self._guard.pid

    @property
    def alive(self) -> bool:
        """Whether the guard runs; it ends after the template."""
        return self._guard.poll() is None

    def may_send(self, sender: int, packet: Mapping[str, Any]) -> bool:
        """Whether a packet comes from the process that sends such packets."""
        event = packet["event"]
        if sender <= 0:
            return False
        if event in _OF_THE_GUARD:
            return sender == self.guard
        if event in _OF_THE_TEMPLATE:
            return sender == self.template
        return sender == self._blocks.get(packet["block"])

    def sender_of(self, packet: Mapping[str, Any]) -> int:
        """The process that has sent a packet."""
        if packet["event"] in _OF_A_BLOCK:
            return self._blocks.get(packet["block"], 0)
        return self.template

    def may_be_block(self, process: int) -> bool:
        """Whether a process is a child of the template, or has ended."""
        return _stat(process)[1:2] in ([], [str(self.template)])

    def kill_group(self, process: int) -> None:
        """Kill a child of the template, and its group; does nothing to any other process.

        While the child exists, no other program can have a group of this number.
        """
        if process > 1 and _stat(process)[1:2] == [str(self.template)]:
            for kill in (os.killpg, os.kill):  # it may have left its group
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    kill(process, signal.SIGKILL)

    def stopped(self) -> str:
        """Which of the two was stopped by a signal, or "".

        They have their own session, so a terminal does not stop them.
        """
        for name, process in (("guard", self.guard), ("template", self.template)):
            if process and _stat(process)[:1] and _stat(process)[0] in _STOPPED:
                return name
        return ""

    def kill_template(self) -> None:
        """Kill the template; the guard then ends all that it started."""
        if self._handle >= 0:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                signal.pidfd_send_signal(self._handle, signal.SIGKILL)
        if self.stopped() == "guard":
            self._guard.kill()

    def close(self) -> None:
        """Wait for the end of both, at most CLOSE_SECONDS; then kill them."""
        if not self.stopped():
            self._wait()
        self.kill_template()
        self._wait()
        self._guard.kill()
        self._guard.wait()
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def _wait(self) -> None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._guard.wait(CLOSE_SECONDS)

    def failure(self, memory: MemoryWatch) -> Failure:
        """Why the two have ended while a block ran.

        Args:
            memory: watched since the block started.
        """
        if failure := self.killed(memory):
            return failure
        code = self._guard.poll() or 0
        how = f"by signal {-code}" if code < 0 else f"with exit code {code}"
        what = f"the template process of the generator ended {how}, before its blocks"
        return Failure(reason=FailureReason.GENERATOR_CRASHED, message=what)

    def killed(self, memory: MemoryWatch | None = None) -> Failure | None:
        """Why a signal from outside has ended one of the two; None if none has.

        Args:
            memory: watched since what they did last began; None = since they started.
        """
        number = -(self._guard.poll() or 0)  # the guard ends like the template
        who = "the template process of the generator"
        own = self.sent_itself(None, number)
        return killed_failure(who, number, memory or self._memory, own=own)


def killed_failure(
    who: str, number: int | None, memory: MemoryWatch, *, own: bool = False
) -> Failure | None:
    """What a signal that vrdata did not send means; None if it is one that only code causes.

    Args:
        who: the process that it has ended.
        number: the signal; None for an end by exit code.
        memory: watched since the process started.
        own: the process, or one that it started, has sent it such a signal.
    """
    if number not in OUTSIDE_SIGNALS:
        return None
    what = f"{who} was killed by signal {number}"
    if own:
        what += ", which it sent itself"
        return Failure(reason=FailureReason.GENERATOR_CRASHED, message=what)
    if number != signal.SIGKILL:
        return Failure(reason=FailureReason.DISRUPTED, message=f"{what}{_OUTSIDE}")
    ran_out = memory.ran_out()
    if ran_out:
        return Failure(reason=FailureReason.OUT_OF_MEMORY, message=f"{what}: {told(ran_out)}")
    what += f"{_OUTSIDE}; {told(ran_out)}"
    return Failure(reason=FailureReason.DISRUPTED, message=what)


def killed_too_often(failure: Failure) -> Failure:
    """The failure of the last of MAX_KILLS equal kills, if nobody can see who sent the signals."""
    what = failure.message.replace(_OUTSIDE, " three times", 1)
    return Failure(reason=FailureReason.GENERATOR_CRASHED, message=what)


def _stat(process: int) -> list[str]:
    """State, parent, group and so on of a process; [] when it has ended (proc(5), stat)."""
    try:
        text = Path(f"/proc/{process}/stat").read_text(errors="replace")
    except OSError:
        return []
    return text.rpartition(")")[2].split()
