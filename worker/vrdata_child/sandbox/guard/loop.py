"""The guard's loop: it answers refused calls until the sandbox ends."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import select
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Sequence
from typing import Any

from vrdata_child.descendants import adopt_orphans, end_orphans
from vrdata_child.sandbox import calls, seccomp
from vrdata_child.sandbox.guard import changing, connecting
from vrdata_child.sandbox.guard.refusals import Refusals
from vrdata_child.sandbox.guard.signals import Signals, end_like
from vrdata_child.sandbox.guard.tasks import MAX_TASKS, Tasks, program_of
from vrdata_child.sandbox.policy import CHANGES, TASKS, described, leaves, reached

END_SECONDS = 10.0  # for the sandbox, after its supervisor has gone
TOO_MANY = f"create more than {MAX_TASKS} processes and threads"
_FLUSH_MS = 100
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE = 1, 4  # prctl(2)


def fork_guarded(
    report: socket.socket, folders: Sequence[str], *, network: bool = False
) -> socket.socket:
    """Fork: the parent becomes the guard and never returns; the child continues.

    Args:
        report: receives `closed` and `refused` packets (docs/child-protocol.md). When its other
            side is closed, the sandbox ends.
        folders: that the sandbox writes to.
        network: the sandbox has sockets of the network.

    Returns:
        The socket on which the child sends its listener and the level of its sandbox.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    parent = os.getpid()
    child = os.fork()
    if child:
        theirs.close()
        adopt_orphans()
        code = 1
        try:
            # Without Landlock, the sandbox could write to its memory.
            calls.prctl(_PR_SET_DUMPABLE, 0)
            code = Guard(child, folders, ours, report, network=network).serve()
        except BaseException:  # noqa: BLE001 - the process must not go on
            traceback.print_exc()
        finally:
            end_like(code)
    ours.close()
    calls.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
    return theirs


class Guard:
    """Answers the refused calls of one sandbox, names them and limits its tasks.

    Args:
        top: the first process of the sandbox.
        folders: that it writes to.
        handover: its socket.
        report: receives the packets.
        network: the sandbox has sockets of the network.
    """

    def __init__(
        self,
        top: int,
        folders: Sequence[str],
        handover: socket.socket,
        report: socket.socket,
        *,
        network: bool,
    ) -> None:
        self._top = top
        self._network = network
        self._folders = tuple(os.path.realpath(folder) for folder in folders)
        self._handover = handover
        self._report = report
        self._tasks = Tasks(top)
        self._signals = Signals(top, self._tasks, self._send)
        self._refusals = Refusals(self._send)
        self._listener = 0
        self._poller = select.poll()
        self._hears = True
        self._ended: set[int] = set()
        self._names = calls.names() if calls.known_machine() else {}

    def serve(self) -> int:
        """Serve until the sandbox has ended; returns its exit code or its signal, negative."""
        ended = os.pidfd_open(self._top)
        signal.signal(signal.SIGTERM, lambda *_: self._kill())
        poller = self._poller
        poller.register(ended, select.POLLIN)
        poller.register(self._handover, select.POLLIN)
        poller.register(self._report, 0)  # only its end
        while True:
            events = poller.poll(_FLUSH_MS if self._refusals.waiting else None)
            self._refusals.flush()
            for descriptor, what in events:
                if descriptor == ended:
                    return self._reap()
                if descriptor == self._handover.fileno():
                    self._hear()
                elif descriptor == self._listener:
                    if what & select.POLLIN:
                        self._answer()
                    else:
                        poller.unregister(descriptor)  # the last thread has ended
                elif what & (select.POLLHUP | select.POLLERR):
                    poller.unregister(self._report)
                    threading.Timer(END_SECONDS, self._kill).start()

    def _hear(self) -> None:
        """Receive the listener, or which block begins or ends."""
        try:
            packet, descriptors, _, _ = socket.recv_fds(self._handover, 8192, 1)
        except OSError:
            packet, descriptors = b"", []
        if not packet:
            self._poller.unregister(self._handover)
            self._hears = False
        elif descriptors:
            self._listener = descriptors[0]
            self._poller.register(self._listener, select.POLLIN)
        else:
            self._learn(json.loads(packet))

    def _learn(self, packet: dict[str, Any]) -> None:
        match packet:
            case {"level": _, "landlock": int(version)}:
                self._signals.landlock = version
                self._send({"event": "closed", "pid": self._top} | packet)
            case {"begin": int(process), "dir": str(folder)}:
                real = os.path.realpath(folder)
                if any(real.startswith(f"{top}/") for top in self._folders):
                    self._tasks.begin(process, real)
            case {"end": int(process)}:
                self._tasks.end(process)
                self._tasks.kill_survivors()
                self._ended.discard(process)
                self._refusals.forget(process)
                with contextlib.suppress(OSError):
                    self._handover.send(b"\0", socket.MSG_DONTWAIT)

    def _send(self, packet: dict[str, Any]) -> bool:
        """Send a packet; False when the supervisor does not read at the moment."""
        try:
            self._report.send(json.dumps(packet).encode(), socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        except OSError:
            return True  # the supervisor has gone
        return True

    def _answer(self) -> None:
        asked = seccomp.receive(self._listener)
        if asked is None:
            return
        try:
            self._decide(asked)
        except OSError as error:
            seccomp.refuse(self._listener, asked, error.errno or errno.EPERM)
        except Exception:  # noqa: BLE001 - no arguments of a call end the guard
            seccomp.refuse(self._listener, asked, errno.EINVAL)

    def _decide(self, asked: seccomp.Call) -> None:
        name = self._names[asked.number]
        leader = self._leader(asked.task)
        if name == "connect":
            threading.Thread(target=self._connect, args=(asked, leader), daemon=True).start()
            return
        if name in (*CHANGES, "truncate"):
            self._change(asked, name, leader)
            return
        target = reached(name, asked.arguments)
        if target is not None and self._signals.allows(asked, name, leader, target):
            seccomp.allow(self._listener, asked)
            return
        if name in TASKS and not leaves(name, asked.arguments):
            if self._tasks.may_create(asked.task, leader):
                seccomp.allow(self._listener, asked)
            else:
                self._refuse(asked, leader, TOO_MANY, errno.EAGAIN, limit=True)
                self._end(leader)
            return
        self._refuse(asked, leader, *described(name, asked.arguments))

    def _leader(self, task: int) -> int:
        """The block of a task; its first call can come before the message that its block begins."""
        leader = self._tasks.leader(task)
        while not leader and self._hears and select.select([self._handover], [], [], 0)[0]:
            self._hear()
            leader = self._tasks.leader(task)
        return leader

    def _refuse(
        self, asked: seccomp.Call, leader: int, what: str, error: int, *, limit: bool = False
    ) -> None:
        if leader:  # else its block has ended
            block = leader if leader != self._top else None
            self._refusals.add(block, what, program_of(asked.task), limit=limit)
        seccomp.refuse(self._listener, asked, error)

    def _end(self, leader: int) -> None:
        """End a block that has reached a limit. The supervisor already has the reason."""
        if leader and leader not in self._ended:
            self._ended.add(leader)
            self._tasks.kill(leader)

    def _connect(self, asked: seccomp.Call, leader: int) -> None:
        """Connect a socket; in a thread, because it can wait for the other side."""
        call = connecting.Connecting(self._listener, asked)
        try:
            if not call.to_network():
                self._connect_unix(call, leader)
        except connecting.BorrowError:
            if self._network:  # without a check, because there would be no network otherwise
                seccomp.allow(self._listener, asked)
            else:
                seccomp.refuse(self._listener, asked, errno.EINVAL)
        except connecting.RefusedError as refused:
            what = "connect to a socket of another program"
            self._refuse(asked, leader, what, refused.args[0])
        except Exception as error:  # noqa: BLE001 - the call must not wait for ever
            number = error.errno if isinstance(error, OSError) and error.errno else errno.EPERM
            seccomp.refuse(self._listener, asked, number)
        else:
            seccomp.succeed(self._listener, asked)

    def _connect_unix(self, call: connecting.Connecting, leader: int) -> None:
        name = call.abstract_name()
        if name is None:
            call.to_file(self._folders_of(leader))
        else:
            members = [process for process, _ in self._tasks.members(leader)]
            call.to_abstract(name, members)

    def _change(self, asked: seccomp.Call, name: str, leader: int) -> None:
        """Change a file of the block."""
        try:
            changing.change(self._listener, asked, name, self._folders_of(leader))
        except connecting.RefusedError as refused:
            self._refuse(asked, leader, "change a file outside of its folder", refused.args[0])
        else:
            seccomp.succeed(self._listener, asked)

    def _folders_of(self, leader: int) -> tuple[str, ...]:
        block = self._tasks.folders.get(leader)
        if block:
            return (block,)
        return (
            self._folders if leader == self._top else ()
        )  # a process that survived its block has none

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._top, signal.SIGKILL)

    def _reap(self) -> int:
        _, status = os.waitpid(self._top, 0)
        end_orphans(())
        self._refusals.flush()
        sys.stdout.flush()
        return os.waitstatus_to_exitcode(status)
