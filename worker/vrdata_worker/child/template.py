"""The supervisor's end of the child protocol (docs/child-protocol.md)."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass, field
from importlib import util
from pathlib import Path
from typing import Any, Literal

from vrdata.model import VideoMode
from vrdata.plan.catalogue import Flags
from vrdata.text import plain
from vrdata_worker.child import events

MAX_PACKET = 256 * 1024
LOAD_SECONDS = 300.0
CLOSE_SECONDS = 5.0
_PACKAGES = ("vrdata_child", "vrdata_generators")
_PASSED = ("PATH", "LD_LIBRARY_PATH")
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


class TemplateBrokenError(Exception):
    """The generator could not be imported; the message holds its own error and log tail."""


@dataclass(frozen=True, slots=True)
class Launch:
    """How to start a generator's template.

    Attributes:
        root: absolute folder of the repository; empty for first-party generators.
        python: interpreter of its environment; empty = this one.
        accelerate: replace library calls by faster ones with equal pixels.
        hash_frames: hash every frame handed to the encoder, for proofs.
    """

    name: str
    kind: Literal["builtin", "api", "repository"]
    root: str = ""
    python: str = ""
    mode: Literal["stream", "whole", "bare"] = "stream"
    flags: Flags = field(default_factory=Flags)
    video: VideoMode = "h264"
    accelerate: bool = False
    hash_frames: bool = False


@dataclass(frozen=True, slots=True)
class BlockRequest:
    """One block to make; `dir` exists and is empty."""

    block: int
    seed: int
    count: int
    want: int
    start: int
    dir: Path
    args: tuple[str, ...] = ()


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
        self._errors: dict[int, dict[str, str]] = {}

    def start(self) -> None:
        """Start the process and import the generator.

        Raises:
            TemplateBrokenError: it cannot be started, or the import failed.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._channel = ours
        with theirs, (self._folder / "template.log").open("wb") as log:
            try:
                self._process = subprocess.Popen(
                    [
                        self._launch.python or sys.executable,
                        *("-s", "-P", "-m", "vrdata_child", "--fd", str(theirs.fileno())),
                    ],
                    cwd=self._folder,
                    env=self._environment(),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    pass_fds=(theirs.fileno(),),
                    start_new_session=True,
                )
            except OSError as error:
                raise TemplateBrokenError(
                    f"{self._launch.python or sys.executable} cannot be started: {error.strerror}"
                ) from None
        self._send(self._load())
        packet = self._receive(LOAD_SECONDS)
        if packet is None or packet["event"] != "ready":
            raise TemplateBrokenError(self._why_broken(packet))

    @property
    def alive(self) -> bool:
        """Whether the process runs, so that it can make blocks."""
        return self._process is not None and self._process.poll() is None

    def submit(self, request: BlockRequest) -> None:
        """Ask for a block; its events follow from `poll`."""
        packet = asdict(request) | {"cmd": "block", "dir": str(request.dir)}
        with contextlib.suppress(OSError):  # a dead template is seen by poll
            self._send(packet)
        self._pids.setdefault(request.block, 0)

    def poll(self, timeout: float) -> events.Event | None:
        """The next event, or None after `timeout` seconds.

        A template that died ends all its blocks with `Exit` events.
        """
        packet = self._receive(timeout)
        if packet is None:
            return self._lost()
        match packet["event"]:
            case "started":
                self._pids[packet["block"]] = packet["pid"]
                return events.Started(packet["block"], packet["pid"])
            case "sample":
                return events.parse_sample(packet)
            case "invalid":
                return events.parse_invalid(packet)
            case "end":
                if packet["error"]:
                    self._errors[packet["block"]] = packet["error"]
                return None
            case _:
                return self._exit(packet)

    def kill_block(self, block: int) -> None:
        """End a block child and all that it started."""
        pid = self._pids.get(block, 0)
        if pid:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)

    def rss_bytes(self, block: int) -> int:
        """Resident bytes of a block child now; 0 when it is gone (proc(5), statm)."""
        try:
            fields = Path(f"/proc/{self._pids.get(block, 0)}/statm").read_text().split()
            return int(fields[1]) * os.sysconf("SC_PAGE_SIZE")
        except (OSError, IndexError, ValueError):
            return 0

    def close(self) -> None:
        """End the template and its children; waits at most CLOSE_SECONDS before it kills."""
        for block in list(self._pids):
            self.kill_block(block)
        if self._channel is not None:
            self._channel.close()
        if self._process is not None:
            try:
                self._process.wait(CLOSE_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def _load(self) -> dict[str, Any]:
        launch = self._launch
        return {
            "cmd": "load",
            "name": launch.name,
            "kind": launch.kind,
            "root": launch.root,
            "mode": launch.mode,
            "flags": launch.flags.model_dump(by_alias=True),
            "video": launch.video,
            "accelerate": launch.accelerate,
            "hashFrames": launch.hash_frames,
        }

    def _environment(self) -> dict[str, str]:
        packages = self._folder / "packages"
        packages.mkdir()
        for name in _PACKAGES:
            spec = util.find_spec(name)
            if spec is not None and spec.origin is not None:
                (packages / name).symlink_to(Path(spec.origin).parent)
        private = {name: self._folder / name.lower() for name in ("TMPDIR", "HOME", "MPLCONFIGDIR")}
        for folder in private.values():
            folder.mkdir()
        return {
            **{name: os.environ[name] for name in _PASSED if name in os.environ},
            **{name: str(folder) for name, folder in private.items()},
            **dict.fromkeys(_ONE_THREAD, "1"),
            "PYTHONPATH": str(packages),
            "PYTHONHASHSEED": "0",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONUTF8": "1",
            "TZ": "UTC",
            "LC_ALL": "C.UTF-8",
            "SOURCE_DATE_EPOCH": "1577836800",
            "MPLBACKEND": "Agg",
        }

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

    def _exit(self, packet: dict[str, Any]) -> events.Exit:
        block = packet["block"]
        self._pids.pop(block, None)
        return events.parse_exit(packet, self._errors.pop(block, None))

    def _lost(self) -> events.Event | None:
        if self._process is None or self._process.poll() is None or not self._pids:
            return None
        block = next(iter(self._pids))
        return self._exit(
            {
                "block": block,
                "code": None,
                "signal": signal.SIGKILL,
                "peakMemoryBytes": 0,
                "cpuSeconds": 0.0,
            }
        )

    def _why_broken(self, packet: dict[str, Any] | None) -> str:
        if packet is None:
            log = (self._folder / "template.log").read_bytes()[-4000:].decode("utf-8", "replace")
            return f"generator {self._launch.name} cannot be started\n{plain(log).strip()}"
        error = packet["error"]
        why = plain(f"{error['type']}: {error['message']}\n{error['traceback']}")
        return f"generator {self._launch.name} cannot be imported: {why}"
