"""The template process: imports the generator once, then forks a child for each block."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import json
import os
import select
import signal
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vrdata_child import own_folder
from vrdata_child.attempts.files import Files
from vrdata_child.attempts.hook import Attempts
from vrdata_child.block import leave, run_block
from vrdata_child.descendants import (
    adopt_orphans,
    children,
    end_orphans,
    record_shared_memory,
    remove_shared_memory,
)
from vrdata_child.hermetic import process as hermetic
from vrdata_child.patches import heap
from vrdata_child.raised import describe
from vrdata_child.sampler import sampled_import
from vrdata_child.sandbox.narrow import Narrowing

MAX_PACKET = 180_000  # below the default socket buffer
_PR_SET_PDEATHSIG = 1  # prctl(2)


@dataclass(frozen=True)
class _Block:
    pid: int
    number: int
    folder: Path


class Template:
    """Serves the requests of one supervisor over one SOCK_SEQPACKET socket.

    Args:
        channel: the supervisor's socket.
        guard: the guard's socket; it learns which process is which block.
        landlock: version of Landlock that restricts the template; 0 = none.
    """

    def __init__(self, channel: socket.socket, guard: socket.socket, *, landlock: int = 0) -> None:
        self._channel = channel
        self._guard = guard
        self._landlock = landlock
        self._narrowing: Narrowing | None = None
        self._attempts: Attempts | None = None
        self._load: dict[str, Any] = {}
        self._blocks: dict[int, _Block] = {}  # by pidfd
        self._helpers: list[int] = []  # processes that the import of the generator started

    def serve(self) -> None:
        """Serve requests until `quit` or the end of the supervisor; then end all children."""
        poller = select.poll()
        poller.register(self._channel, select.POLLIN)
        try:
            while True:
                for fd, _ in poller.poll():
                    if fd == self._channel.fileno():
                        if not self._request(poller):
                            return
                    else:
                        poller.unregister(fd)
                        self._reap(fd)
        finally:
            self._end_all()

    def _request(self, poller: select.poll) -> bool:
        packet = self._channel.recv(MAX_PACKET)
        if not packet:
            return False
        request = json.loads(packet)
        match request["cmd"]:
            case "load":
                return self._load_generator(request)
            case "block" | "collect":
                poller.register(self._fork(request), select.POLLIN)
                return True
            case _:
                return False

    def _load_generator(self, request: dict[str, Any]) -> bool:
        self._load = request
        home = Path.cwd()
        try:
            heap.keep_freed_memory()
            adopt_orphans()
            self._narrowing = Narrowing(
                (request["root"], request.get("items", "")),
                str(home),
                sys.executable,
                self._landlock,
            )
            hermetic.install(request["root"])
            self._attempts = Attempts(str(home), _files_of(self._narrowing))
            self._attempts.install()
            with sampled_import(enabled=bool(request.get("profile"))):
                _prepare(request, home)
            self._attempts.end()
        except BaseException as error:  # noqa: BLE001 - foreign code; its error is sent
            self._send({"event": "broken", "error": describe(error)})
            return False
        self._helpers = children()
        gc.collect()
        gc.freeze()
        gc.enable()  # `main` disables it
        self._send({"event": "ready"})
        return True

    def _fork(self, request: dict[str, Any]) -> int:
        waiting, go = os.pipe()
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                os.close(go)
                self._become_child(request["dir"], waiting)
                code = run_block(self._load, request, self._send)
                if self._attempts is not None:
                    self._attempts.end()
            finally:
                leave(code)
        os.close(waiting)
        with contextlib.suppress(OSError):
            os.setpgid(pid, pid)  # the child does the same: the order does not matter
        fd = os.pidfd_open(pid)
        self._blocks[fd] = _Block(pid, request["block"], Path(request["dir"]))
        self._tell_guard({"begin": pid, "dir": request["dir"]})
        self._send({"event": "started", "block": request["block"], "pid": pid})
        os.close(go)  # its own packets follow
        return fd

    def _reap(self, fd: int) -> None:
        ended = self._blocks.pop(fd)
        os.close(fd)
        # It kills what survives. This process's own calls wait behind those of a fork bomb.
        self._tell_guard({"end": ended.pid}, answered=True)
        _, status, usage = os.wait4(ended.pid, 0)
        end_orphans({*self._helpers, *(block.pid for block in self._blocks.values())})
        remove_shared_memory(ended.folder)
        code = os.waitstatus_to_exitcode(status)
        self._send(
            {
                "event": "exit",
                "block": ended.number,
                "code": code if code >= 0 else None,
                "signal": -code if code < 0 else None,
                "peakMemoryBytes": usage.ru_maxrss * 1024,
                "cpuSeconds": usage.ru_utime + usage.ru_stime,
            }
        )

    def _end_all(self) -> None:
        for block in self._blocks.values():
            _kill_group(block.pid)
        for block in self._blocks.values():
            os.waitpid(block.pid, 0)
            remove_shared_memory(block.folder)
        end_orphans(())

    def _become_child(self, folder: str, waiting: int) -> None:
        """Become the process of a block: with its own group, sandbox and log."""
        os.setpgid(0, 0)
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        self._guard.close()
        if self._narrowing is not None:
            self._narrowing.apply(folder)
        own_folder.settle(folder)
        if self._attempts is not None:
            self._attempts.begin(folder, linked=f"{folder}/cwd")
        adopt_orphans()
        record_shared_memory(Path(folder))
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        _redirect(folder)
        os.read(waiting, 1)
        os.close(waiting)

    def _tell_guard(self, packet: dict[str, Any], *, answered: bool = False) -> None:
        with contextlib.suppress(OSError):  # without a guard, nothing is counted
            self._guard.send(json.dumps(packet).encode())
            if answered:
                self._guard.recv(1)

    def _send(self, packet: dict[str, Any]) -> None:
        self._channel.send(json.dumps(packet, ensure_ascii=False).encode("utf-8", "replace"))


def _files_of(narrowing: Narrowing) -> Files | None:
    if not narrowing.refuses_files:
        return None
    return Files(narrowing.readable, narrowing.writable)


def _prepare(load: dict[str, Any], home: Path) -> None:
    from vrdata_child.patches import redirect
    from vrdata_child.run import repository

    repository.preload_libraries()
    redirect.install(load["video"], hash_frames=bool(load.get("hashFrames")))
    if load["kind"] == "repository":
        if load["mode"] != "bare":
            repository.preload(load["root"])
    elif load["kind"] == "pipeline":
        pass  # its modules are imported in the block, with changed code
    elif load["kind"] == "converter":
        from vrdata_child.run import converter

        converter.declare(converter.load(load), home)
    else:
        from vrdata_child.run import firstparty

        firstparty.load(load["name"], load["kind"], load["root"])
    if load["accelerate"]:
        from vrdata_child.patches.accelerate import install_acceleration

        install_acceleration(load["video"], hash_frames=bool(load.get("hashFrames")))


def _redirect(folder: str) -> None:
    log = os.open(f"{folder}/log.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    os.close(null)


def _kill_group(pid: int) -> None:
    for kill in (os.killpg, os.kill):  # it may have left its group
        with contextlib.suppress(ProcessLookupError, PermissionError):
            kill(pid, signal.SIGKILL)
