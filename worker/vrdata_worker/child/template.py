"""The supervisor's end of the child protocol (docs/child-protocol.md)."""

from __future__ import annotations

import contextlib
import itertools
import signal
import tempfile
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from vrdata.contract.reasons import FailureReason
from vrdata.contract.records import Failure
from vrdata.hermetic import Hermetic
from vrdata_worker.child import events
from vrdata_worker.child.blocks import Block, BlockRequest
from vrdata_worker.child.channel import Channel
from vrdata_worker.child.launch import Launch, broken, start_process
from vrdata_worker.child.processes import MAX_KILLS, Processes, killed_too_often
from vrdata_worker.untrusted.folders import size_of
from vrdata_worker.untrusted.packets import MalformedPacketError, parse
from vrdata_worker.untrusted.refused import RefusedAttempts

POLL_SECONDS = 0.1
BEGUN = "begun"
LOAD_SECONDS = 300.0
END_SECONDS = 60.0  # for the end of a block that was killed
COLLECT_SECONDS = 360.0  # the child gives itself 300
WATCH_SECONDS = 0.5


class GeneratorTemplate:
    """One template process and its block children.

    Args:
        launch: the generator.
        scratch: an existing private folder for the template's own files.

    Attributes:
        hermetic, folder: how far the kernel sandboxes it, and where it works; after `start`.
    """

    def __init__(self, launch: Launch, scratch: Path) -> None:
        self.launch = launch
        self._scratch = scratch
        self._numbers = itertools.count()
        self._processes: Processes | None = None
        self._channel: Channel | None = None
        self._failure: Failure | None = None  # why the supervisor has ended the template
        self._watched = 0.0
        self.hermetic = Hermetic(level="python")
        self._knows_senders = True  # of signals: before `closed`, no code of the generator runs
        self._pids: dict[int, int] = {}  # 0 = not started yet
        self._blocks: dict[int, Block] = {}

    def start(self) -> None:
        """Start the process and import the generator; again if something kills it meanwhile.

        A template that has ended starts again, when it has reported the end of each block.

        Raises:
            TemplateBrokenError: it cannot be started or closed, or the import failed.
        """
        for left in reversed(range(MAX_KILLS)):
            packet = self._start_once()
            if packet is not None and packet["event"] == "ready":
                return
            failure = self._failure or (self._processes.killed() if self._processes else None)
            if failure is None or failure.reason is not FailureReason.DISRUPTED:
                break
            failure = failure if left or self._knows_senders else killed_too_often(failure)
        raise broken(self.launch.name, packet, failure, self._refused)

    def _start_once(self) -> dict[str, Any] | None:
        self.close()
        # A short name: the path of a Unix socket has at most 107 bytes.
        self.folder = Path(tempfile.mkdtemp(prefix="t", dir=self._scratch)).resolve()
        self._places = self.folder / "b"
        self._places.mkdir()
        self._refused, self._failure = RefusedAttempts(self.folder), None
        self._channel = Channel()
        with self._channel.theirs as theirs:
            guard = start_process(self.launch, self.folder, theirs.fileno())
            self._processes = Processes(guard, self._pids)
        return self._loaded()

    def _loaded(self) -> dict[str, Any] | None:
        """The `ready` or `broken` packet; None when the process ended or takes too long."""
        deadline = time.monotonic() + LOAD_SECONDS
        while time.monotonic() < deadline:
            alive = self.alive  # before the last packets are read
            packet = self._receive(POLL_SECONDS)
            self._watch()
            if None in self._refused.limits or (packet is None and not alive):
                return None
            if packet is not None and packet["event"] == "closed" and self._processes:
                self._processes.found(packet["pid"])
                self.hermetic = events.parse_hermetic(packet)
                self._knows_senders = self.hermetic.names_senders
                self.launch.check(self.hermetic)
                with contextlib.suppress(OSError):  # a template that has ended is noticed below
                    self._send(self.launch.load_request())
            elif packet is not None and packet["event"] in ("ready", "broken"):
                return packet
        late = f"it was not imported within {LOAD_SECONDS:.0f} s"
        self._end(Failure(reason=FailureReason.GENERATOR_CRASHED, message=late))
        return None

    @property
    def alive(self) -> bool:
        """Whether the process runs, so that it can generate blocks."""
        return self._processes is not None and self._processes.alive

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
        self._blocks[request.block] = Block(packet, reported=request.position)

    def poll(self, timeout: float) -> events.Event | None:
        """The next event, or None after `timeout` seconds.

        A template that died or does not answer ends all its blocks with `Exit` events.
        """
        alive = self.alive
        packet = self._receive(timeout)
        self._watch()
        if packet is None:
            return None if alive else self._lost()
        return self._event(packet) if "block" in packet else None

    def _event(self, packet: dict[str, Any]) -> events.Event | None:
        number = packet["block"]
        block = self._blocks.get(number)
        event: events.Event | None = None
        try:
            if block is None:
                raise MalformedPacketError("block: it was not requested")
            match packet["event"]:
                case "started":
                    event = self._start(number, block, packet["pid"])
                case "exit":
                    event = self._exit(packet)
                case _ if block.failure is None:
                    event = block.report(packet)
        except MalformedPacketError as error:
            sender = self._processes.sender_of(packet) if self._processes else 0
            self._refuse(sender, packet["event"], error)
        return event

    def _start(self, number: int, block: Block, pid: int) -> events.Started:
        others = {one for other, one in self._pids.items() if other != number}
        known = self._pids[number]
        child = self._processes is not None and self._processes.may_be_block(pid)
        if (known and not block.killed) or pid in others or not child:
            raise MalformedPacketError("pid: it is not the process of the block")
        self._pids[number] = pid
        self._refused.limits.pop(pid, None)  # of a process that had this number
        if block.ending:
            self.kill_block(number)
        return events.Started(number, pid)

    def kill_block(self, block: int, *, abandon: bool = False) -> None:
        """Kill a block child and what it started; `abandon`: report no sample that it finished."""
        if running := self._blocks.get(block):
            running.abandoned |= abandon
            running.ends_within(END_SECONDS)
        if self._processes is not None:
            self._processes.kill_group(self._pids.get(block, 0))

    def process_of(self, block: int) -> int:
        """The process of a running block, or 0."""
        return self._pids.get(block, 0)

    def limit_of(self, block: int) -> str:
        """The limit on processes that a running block has reached, or ""."""
        return self._refused.limit_of(self.process_of(block))

    def begun(self, block: int) -> int:
        """A number that grows with each sample that a script begins; 0 before the first one."""
        running = self._blocks.get(block)
        return size_of(running.folder / BEGUN) if running else 0

    def close(self) -> None:
        """End the template and its children; waits a few seconds before it kills them."""
        for block in list(self._pids):
            self.kill_block(block, abandon=True)
        if self._channel is not None:
            self._channel.close()
        if self._processes is not None:
            self._processes.close()

    def _send(self, packet: dict[str, Any]) -> None:
        if self._channel is None:
            raise BrokenPipeError
        self._channel.send(packet)

    def _receive(self, timeout: float) -> dict[str, Any] | None:
        """The next packet of a process that may send it."""
        received = self._channel.receive(timeout) if self._channel else None
        if received is None:
            return None
        sender, body = received
        try:
            packet = parse(body, rows=self.launch.rows)
        except MalformedPacketError as error:
            self._refuse(sender, "", error)
            return None
        if self._processes is None or not self._processes.may_send(sender, packet):
            return None
        if packet["event"] == "refused":
            self._refused.add(packet, self._pids)
        self._processes.hear(packet)
        return packet

    def _refuse(self, sender: int, event: str, error: MalformedPacketError) -> None:
        """End the block, or the template, that sent what vrdata's own code does not send."""
        what = "the generator wrote to vrdata's socket: "
        what += f"invalid packet {event!r}: {error}" if event else f"{error}"
        failure = Failure(reason=FailureReason.GENERATOR_FAILED, message=what)
        if self._processes is not None and sender == self._processes.template:
            self._end(failure)
        for number, pid in self._pids.items():
            if pid == sender > 0 and self._blocks[number].failure is None:
                self._blocks[number].failure = failure
                self.kill_block(number, abandon=True)

    def _exit(self, packet: dict[str, Any]) -> events.Exit | None:
        """The end of a block; None when its finished samples are to be collected first."""
        number = packet["block"]
        block = self._blocks[number]
        if self._processes is not None:
            own = self._processes.sent_itself(self._pids[number], packet["signal"])
            packet = packet | {"itself": own}
        if block.wants_collection:
            block.collect(packet, COLLECT_SECONDS)
            with contextlib.suppress(OSError):
                self._send(block.request | {"cmd": "collect", "position": block.reported})
            return None
        del self._pids[number], self._blocks[number]
        return replace(block.exit(packet), refused=self._refused.take(number, block.folder))

    def _watch(self) -> None:
        """End a template that was stopped, or that does not end a block that was killed."""
        now = time.monotonic()
        if self._processes is None or self._failure or now < self._watched:
            return
        self._watched = now + WATCH_SECONDS
        stopped = self._processes.stopped()
        what = f"the generator stopped its {stopped} process" if stopped else ""
        if any(block.deadline < now for block in self._blocks.values()):
            what = f"the generator's template process did not end a block in {END_SECONDS:.0f} s"
        if what:
            self._end(Failure(reason=FailureReason.GENERATOR_CRASHED, message=what))

    def _end(self, failure: Failure) -> None:
        self._failure = self._failure or failure
        if self._processes is not None:
            self._processes.kill_template()

    def _lost(self) -> events.Event | None:
        """The end of the next block of a template that has ended."""
        if self._processes is None or self._processes.alive or not self._blocks:
            return None
        self._processes.kill_template()
        number, block = next(iter(self._blocks.items()))
        block.abandoned = True
        block.failure = block.failure or self._failure or self._processes.failure(block.memory)
        cost = {"peakMemoryBytes": 0, "cpuSeconds": 0.0}
        return self._exit({"block": number, "code": None, "signal": signal.SIGKILL} | cost)
