"""Run a piece of generator code as a block of its own, and read what it found.

All probes of a module share one template process, so each costs a fork.
"""

from __future__ import annotations

import itertools
import json
import textwrap
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from vrdata.plan.catalogue import Flags
from vrdata_worker.child import events
from vrdata_worker.child.blocks import BlockRequest
from vrdata_worker.child.launch import Launch
from vrdata_worker.child.template import GeneratorTemplate
from vrdata_worker.failures import log_tail

BLOCK_SECONDS = 60
E = TypeVar("E", events.Exit, events.Started)
_SCRIPT = """
import argparse
import json
import runpy

parser = argparse.ArgumentParser()
for flag in ("--num-samples", "--output", "--seed", "--probe"):
    parser.add_argument(flag)
facts = runpy.run_path(parser.parse_args().probe)["facts"]
print("facts:", json.dumps(facts), flush=True)
"""
SOCKET = """
import _socket, json, os, sys, time

def channel():
    for name in os.listdir("/proc/self/fd"):
        try:
            found = _socket.socket(fileno=os.dup(int(name)))
        except OSError:
            continue
        if found.type & 0xF == _socket.SOCK_SEQPACKET:
            return found

def send(**packet):
    channel().send(json.dumps(packet).encode())

FILES = [{"name": name, "size": 3, "sha256": "0" * 64}
    for name in ("first_frame.png", "metadata.json", "prompt.txt")]

def sample(block, position=0, **change):
    send(**{"event": "sample", "block": block, "position": position,
        "folder": f"{BLOCK}/done/{position:06d}", "id": f"x_{position:08d}", "domain": "x",
        "files": FILES, "video": None, "content": "", "paramHash": "", "notes": [],
        "frames": {}, "own": {}} | change)

BLOCK = os.path.dirname(os.readlink("/proc/self/fd/1"))
END = {"event": "end", "error": None, "reported": 0, "failed": None, "streamed": True,
    "sequential": True, "beside": {"files": 0, "examples": []}}
EXIT = {"event": "exit", "code": 77, "signal": None, "peakMemoryBytes": 0, "cpuSeconds": 0.0}
"""
"""Code before that of a hostile generator: it finds vrdata's own socket and sends packets."""


class Probes:
    """Runs probes in blocks of one template.

    Args:
        template: a started template whose script is `_SCRIPT`.
        root: the folder of the generator.

    Attributes:
        root: the folder of the generator.
        template: the template.
        number: of the last block.
        others: events of other blocks that `events` has seen.
        log: the end of what the last block of `events` printed.
    """

    def __init__(self, template: GeneratorTemplate, root: Path) -> None:
        self.template = template
        self.root = root
        self._number = itertools.count()
        self.number = 0
        self.others: list[events.Event] = []
        self.log = ""

    def run(self, code: str, *, seed: int = 1) -> Any:
        """The value of `facts` that the code sets; raises AssertionError when it fails."""
        return self._facts(code, seed)[0]

    def refused(self, code: str) -> list[str]:
        """The refused attempts of the code, as users read them, with its lines as `FILE:LINE`."""
        _, end = self._facts(f"{textwrap.dedent(code)}\nfacts = None", 1)
        return [str(one).replace(f"probe_{self.number}.py", "FILE") for one in end.refused]

    def _facts(self, code: str, seed: int) -> tuple[Any, events.Exit]:
        number, folder = self._submit(code, seed)
        end = self._await(events.Exit, number, folder)
        log = (folder / "log.txt").read_text()
        lines = [line for line in log.splitlines() if line.startswith("facts: ")]
        assert lines, (log, end)
        return json.loads(lines[-1].removeprefix("facts: ")), end

    def evaluate(self, table: Mapping[str, str], preamble: str, *, seed: int = 1) -> Any:
        """What each expression of a table gives, by its name, in one block."""
        lines = "".join(f"    {name!r}: {code},\n" for name, code in table.items())
        return self.run(f"{preamble}facts = {{\n{lines}}}\n", seed=seed)

    def start(self, code: str) -> int:
        """Start a block and leave it running; returns its process."""
        number, folder = self._submit(code, 1)
        return self._await(events.Started, number, folder).pid

    def events(
        self, code: str, *, want: int = 1, kill: Callable[[], bool] = lambda: False
    ) -> list[events.Event]:
        """All events of a block; `NUMBER` in the code is the block's number.

        Args:
            code: what it runs.
            want: samples of the block.
            kill: asked after each poll whether to kill the block.
        """
        number, folder = self._submit(code, 1, want)
        found: list[events.Event] = []
        deadline = time.monotonic() + BLOCK_SECONDS
        while not (found and isinstance(found[-1], events.Exit)):
            assert time.monotonic() < deadline, "the block did not end"
            event = self.template.poll(0.05)
            if event is not None:
                (found if event.block == number else self.others).append(event)
            if kill():
                self.template.kill_block(number, abandon=True)
        self.log = log_tail(folder)
        return found

    def write(self, code: str, name: str = "probe.py") -> Path:
        """Write code that a block can run with the argument `--probe`."""
        probe = self.root / name
        probe.write_text(textwrap.dedent(code))
        return probe

    def _submit(self, code: str, seed: int, want: int = 1) -> tuple[int, Path]:
        self.number = number = next(self._number)
        probe = self.write(code.replace("NUMBER", str(number)), f"probe_{number}.py")
        folder = self.template.new_folder()
        args = ("--probe", str(probe))
        self.template.submit(
            BlockRequest(
                block=number, seed=seed, count=want, want=want, start=0, dir=folder, args=args
            )
        )
        return number, folder

    def _await(self, kind: type[E], number: int, folder: Path) -> E:
        deadline = time.monotonic() + BLOCK_SECONDS
        while time.monotonic() < deadline:
            event = self.template.poll(0.2)
            if isinstance(event, kind) and event.block == number:
                return event
        self.template.kill_block(number)
        raise AssertionError(f"the block did not end: {(folder / 'log.txt').read_text()}")


@contextmanager
def open_probes(folder: Path, imported: str = "") -> Iterator[Probes]:
    """Start a template for probes in an existing private folder.

    Args:
        folder: private.
        imported: code of the package `core`, which the template imports; "" = it imports nothing.
    """
    root = folder / "generator"
    script = root / "examples" / "generate.py"
    script.parent.mkdir(parents=True)
    script.write_text(_SCRIPT)
    if imported:
        (root / "core").mkdir()
        (root / "core/__init__.py").write_text(imported)
    flags = Flags(samples="--num-samples", output="--output", seed="--seed")
    launch = Launch(
        name="O-probe",
        kind="repository",
        root=str(root),
        mode="whole" if imported else "bare",
        flags=flags,
    )
    template = GeneratorTemplate(launch, folder)
    try:
        template.start()
        yield Probes(template, root)
    finally:
        template.close()
