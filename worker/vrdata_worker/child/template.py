"""The supervisor's end of the child protocol (docs/child-protocol.md)."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from vrdata.contract.reasons import FailureReason
from vrdata.text import printable
from vrdata_worker.child import events
from vrdata_worker.child.launch import Launch, TemplateBrokenError, start_process

MAX_PACKET = 256 * 1024
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
    """

    def __init__(self, launch: Launch, scratch: Path) -> None:
        self._launch = launch
        self._folder = Path(tempfile.mkdtemp(prefix="template-", dir=scratch))
        self._process: subprocess.Popen[bytes] | None = None
        self._channel: socket.socket | None = None
        self._pids: dict[int, int] = {}
        self._blocks: dict[int, _Block] = {}

    def start(self) -> None:
        """Start the process and import the generator.

        Raises:
            TemplateBrokenError: it cannot be started, or the import failed.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._channel = ours
        with theirs:
            self._process = start_process(self._launch, self._folder, theirs.fileno())
        self._send(self._launch.load_request())
        packet = self._receive(LOAD_SECONDS)
        if packet is None or packet["event"] != "ready":
            raise self._broken(packet)

    @property
    def alive(self) -> bool:
        """Whether the process runs, so that it can generate blocks."""
        return self._process is not None and self._process.poll() is None

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
        block = self._blocks.setdefault(packet["block"], _Block({}))
        match packet["event"]:
            case "started":
                self._pids[packet["block"]] = packet["pid"]
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

    def rss_bytes(self, block: int) -> int:
        """Current resident bytes of a block child; 0 after it has ended (proc(5), statm)."""
        try:
            fields = Path(f"/proc/{self._pids.get(block, 0)}/statm").read_text().split()
            return int(fields[1]) * os.sysconf("SC_PAGE_SIZE")
        except (OSError, IndexError, ValueError):
            return 0

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
        self._channel.send(json.dumps(packet).encode())

    def _receive(self, timeout: float) -> dict[str, Any] | None:
        if self._channel is None:
            return None
        readable, _, _ = select.select([self._channel], [], [], timeout)
        if not readable:
            return None
        try:
            packet = self._channel.recv(MAX_PACKET)
        except ConnectionError:
            return None
        if not packet:
            return None
        received: dict[str, Any] = json.loads(packet)
        return received

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
        return self._exit(
            {
                "block": block,
                "code": None,
                "signal": signal.SIGKILL,
                "peakMemoryBytes": 0,
                "cpuSeconds": 0.0,
            }
        )

    def _broken(self, packet: dict[str, Any] | None) -> TemplateBrokenError:
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
