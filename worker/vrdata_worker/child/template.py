"""The supervisor's end of the child protocol (docs/child-protocol.md)."""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import subprocess
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from vrdata.contract.reasons import FailureReason
from vrdata.hermetic import Hermetic
from vrdata.text import printable
from vrdata_worker.child import events
from vrdata_worker.child.channel import Channel
from vrdata_worker.child.launch import Launch, TemplateBrokenError, start_process

_OF_THE_GUARD = frozenset({"closed", "refused"})
_OF_THE_TEMPLATE = frozenset({"ready", "broken", "started", "exit"})
_OF_A_BLOCK = frozenset({"sample", "invalid", "end"})
POLL_SECONDS = 0.1
BEGUN = "begun"
LOAD_SECONDS = 300.0
CLOSE_SECONDS = 5.0
LOG_TAIL_BYTES = 4000


@dataclass(frozen=True, slots=True)
class BlockRequest:
    """One block to generate; `dir` exists and is empty."""

    block: int
    seed: int
    count: int
    want: int
    start: int
    dir: Path
    args: tuple[str, ...] = ()


@dataclass(slots=True)
class _Block:
    """What is known of a block in progress.

    Attributes:
        request: its `block` packet.
        reported: samples reported so far.
        end: the `end` packet of its child.
        killed: the `exit` packet of a child that sent no `end`; its finished samples are collected.
        abandoned: nobody wants its samples any more.
    """

    request: dict[str, Any]
    reported: int = 0
    end: dict[str, Any] | None = None
    killed: dict[str, Any] | None = None
    abandoned: bool = False


class GeneratorTemplate:
    """One template process and its block children.

    Args:
        launch: the generator.
        scratch: an existing private folder for the template's own files.

    Attributes:
        hermetic: how far the kernel closes it, after `start`.
    """

    def __init__(self, launch: Launch, scratch: Path) -> None:
        self._launch = launch
        # Short names: the path of a Unix socket has at most 107 bytes.
        self._folder = Path(tempfile.mkdtemp(prefix="t", dir=scratch)).resolve()
        self._places = self._folder / "b"
        self._places.mkdir()
        self._numbers = itertools.count()
        self._process: subprocess.Popen[bytes] | None = None
        self._channel: Channel | None = None
        self._leader = 0  # the template process; the guard is its parent
        self.hermetic = Hermetic(level="python")
        self._pids: dict[int, int] = {}
        self._blocks: dict[int, _Block] = {}
        self._limits: dict[int | None, str] = {}  # reached limits by process; None = the template

    def start(self) -> None:
        """Start the process and import the generator.

        Raises:
            TemplateBrokenError: it cannot be started or closed, or the import failed.
        """
        self._channel = Channel()
        with self._channel.theirs as theirs:
            self._process = start_process(self._launch, self._folder, theirs.fileno())
        packet = self._loaded()
        if packet is None or packet["event"] != "ready":
            raise self._broken(packet)

    def _loaded(self) -> dict[str, Any] | None:
        """The `ready` or `broken` packet; None when the process ended or takes too long."""
        deadline = time.monotonic() + LOAD_SECONDS
        while time.monotonic() < deadline:
            packet = self._receive(POLL_SECONDS)
            if None in self._limits or (packet is None and not self.alive):
                return None
            if packet is not None and packet["event"] == "closed":
                self._leader = packet["pid"]
                self.hermetic = events.parse_hermetic(packet)
                self._launch.check(self.hermetic)
                self._send(self._launch.load_request())  # nothing of the generator runs before
            elif packet is not None and packet["event"] != "refused":
                return packet
        return None

    @property
    def alive(self) -> bool:
        """Whether the process runs, so that it can generate blocks."""
        return self._process is not None and self._process.poll() is None

    def new_folder(self) -> Path:
        """A new empty folder for a block; the generator can write to no other one."""
        folder = self._places / str(next(self._numbers))
        folder.mkdir()
        return folder

    def submit(self, request: BlockRequest) -> None:
        """Request a block; its events follow from `poll`."""
        packet = asdict(request) | {"cmd": "block", "dir": str(request.dir)}
        with contextlib.suppress(OSError):  # poll notices a dead template
            self._send(packet)
        self._pids.setdefault(request.block, 0)
        self._blocks[request.block] = _Block(packet)

    def poll(self, timeout: float) -> events.Event | None:
        """The next event, or None after `timeout` seconds.

        A template that died ends all its blocks with `Exit` events.
        """
        packet = self._receive(timeout)
        if packet is None:
            return self._lost()
        return None if packet["event"] == "refused" else self._event(packet)

    def _event(self, packet: dict[str, Any]) -> events.Event | None:
        block = self._blocks.setdefault(packet["block"], _Block({}))
        match packet["event"]:
            case "started":
                self._pids[packet["block"]] = packet["pid"]
                self._limits.pop(packet["pid"], None)  # of a process that had this number
                return events.Started(packet["block"], packet["pid"])
            case "sample":
                block.reported += 1
                return events.parse_sample(packet)
            case "invalid":
                block.reported += 1
                return events.parse_invalid(packet)
            case "end":
                block.end = packet
                return None
            case _:
                return self._exit(packet)

    def kill_block(self, block: int, *, abandon: bool = False) -> None:
        """Kill a block child and all processes that it started.

        Args:
            block: its number.
            abandon: report no sample that it has finished.
        """
        if abandon and block in self._blocks:
            self._blocks[block].abandoned = True
        pid = self._pids.get(block, 0)
        if pid:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)

    def process_of(self, block: int) -> int:
        """The process of a running block, or 0."""
        return self._pids.get(block, 0)

    def limit_of(self, block: int) -> str:
        """The limit on processes that a running block has reached, or ""."""
        return self._limits.get(self.process_of(block)) or self._limits.get(None, "")

    def begun(self, block: int) -> int:
        """A number that grows with each sample that a script begins; 0 before the first one."""
        running = self._blocks.get(block)
        try:
            return (Path(running.request.get("dir", "")) / BEGUN).stat().st_size if running else 0
        except OSError:
            return 0

    def close(self) -> None:
        """End the template and its children; waits at most CLOSE_SECONDS before it kills."""
        for block in list(self._pids):
            self.kill_block(block, abandon=True)
        if self._channel is not None:
            self._channel.close()
        if self._process is not None:
            try:
                self._process.wait(CLOSE_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def _send(self, packet: dict[str, Any]) -> None:
        if self._channel is None:
            raise BrokenPipeError
        self._channel.send(packet)

    def _receive(self, timeout: float) -> dict[str, Any] | None:
        """The next packet of a process that may send it."""
        received = self._channel.receive(timeout) if self._channel else None
        if received is None or not self._may_send(*received):
            return None
        packet = received[1]
        if packet.get("limit") and packet["event"] == "refused":
            self._limits.setdefault(packet["pid"], f"tried to {packet['what']}")
        return packet

    def _may_send(self, sender: int, packet: dict[str, Any]) -> bool:
        event = packet.get("event")
        if event in _OF_THE_GUARD:
            return self._process is not None and sender == self._process.pid
        if event in _OF_THE_TEMPLATE:
            return sender == self._leader
        return event in _OF_A_BLOCK and sender == self._pids.get(packet.get("block", -1))

    def _exit(self, packet: dict[str, Any]) -> events.Exit | None:
        """The end of a block; None when its finished samples are to be collected first."""
        number = packet["block"]
        block = self._blocks[number]
        wants_more = block.reported < block.request.get("want", 0)
        if block.end is None and block.killed is None and wants_more and not block.abandoned:
            block.killed = packet
            with contextlib.suppress(OSError):
                self._send(block.request | {"cmd": "collect", "position": block.reported})
            return None
        self._pids.pop(number, None)
        del self._blocks[number]
        if block.killed is None:
            return events.parse_exit(packet, block.end)
        # An error while samples are collected did not end the block.
        end = block.end | {"error": None} if block.end else None
        return events.parse_exit(_added(block.killed, packet), end)

    def _lost(self) -> events.Event | None:
        if self._process is None or self._process.poll() is None or not self._pids:
            return None
        block = next(iter(self._pids))
        self._blocks.setdefault(block, _Block({})).abandoned = True
        cost = {"peakMemoryBytes": 0, "cpuSeconds": 0.0}
        return self._exit({"block": block, "code": None, "signal": signal.SIGKILL} | cost)

    def _broken(self, packet: dict[str, Any] | None) -> TemplateBrokenError:
        if limit := self._limits.get(None):
            what = f"generator {self._launch.name} cannot be imported: it {limit}"
            return TemplateBrokenError(what, FailureReason.GENERATOR_FAILED)
        if packet is None:
            body = (self._folder / "template.log").read_bytes()[-LOG_TAIL_BYTES:]
            log = printable(body.decode("utf-8", "replace")).strip()
            what = f"generator {self._launch.name} cannot be started\n{log}"
            return TemplateBrokenError(what, FailureReason.GENERATOR_CRASHED)
        error = events.parse_failure(packet["error"])
        why = f"{error.message}\n{error.traceback}"
        what = f"generator {self._launch.name} cannot be imported: {why}"
        return TemplateBrokenError(what, events.reason_of_end(error.reason))


def _added(killed: dict[str, Any], collected: dict[str, Any]) -> dict[str, Any]:
    """How a killed child ended, and what it and the collection of its samples cost."""
    seconds = killed["cpuSeconds"] + collected["cpuSeconds"]
    return killed | {"cpuSeconds": seconds}
