"""Run code that uses too many resources as a block, beside a block that does not."""

from __future__ import annotations

import itertools
import shutil
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from support.generators.repositories import write_repository
from vrdata.contract.records import Failure
from vrdata.plan.catalogue import Flags
from vrdata_worker.child import events
from vrdata_worker.child.launch import Launch
from vrdata_worker.child.limits import BlockLimits
from vrdata_worker.child.template import BlockRequest, GeneratorTemplate
from vrdata_worker.generate.block import BlockState

SECONDS = 180.0
_SCRIPT = """
import runpy, sys
runpy.run_path(sys.argv[sys.argv.index("--code") + 1], run_name="__main__")
"""
HEAD = """
import ctypes, os, pathlib, resource, subprocess, sys, threading, time
out = pathlib.Path(sys.argv[sys.argv.index("--output") + 1])

def uptime():
    return float(open("/proc/uptime").read().split()[0])

def wait(seconds=20):  # the clocks of a generator stand still
    subprocess.run(["sleep", str(seconds)])

end = uptime() + 120  # if no limit holds, the machine outlives the test

def write_sample():
    folder = out / "x_task" / "x_0"
    folder.mkdir(parents=True)
    from PIL import Image
    Image.new("RGB", (8, 8)).save(folder / "first_frame.png")
    (folder / "prompt.txt").write_text("Look.")

"""
_BESIDE = """
for _ in range(10):
    wait(0.05)
write_sample()
"""


@dataclass
class Ended:
    """How a block ended.

    Attributes:
        failure: of its sample; None when it is valid.
        content: hash of its sample.
        seconds: from the start of the block to its end.
        process: its process.
    """

    failure: Failure | None = None
    content: str = ""
    seconds: float = 0.0
    process: int = 0


class LimitedBlocks:
    """Runs pieces of code as blocks of one template.

    Args:
        template: a started template.
        root: folder of the generator.
        memory_bytes: limit of a block; 0 = none.
        scratch_bytes: limit of a block; 0 = none.
    """

    def __init__(
        self,
        template: GeneratorTemplate,
        root: Path,
        *,
        memory_bytes: int = 0,
        scratch_bytes: int = 0,
    ) -> None:
        self.template = template
        self._root = root
        self._numbers = itertools.count()
        self.memory_bytes = memory_bytes
        self.scratch_bytes = scratch_bytes
        self._alone = ""

    def run(self, *codes: str) -> list[Ended]:
        """Run blocks at the same time; how each ended."""
        limits = BlockLimits(
            self.template, memory_bytes=self.memory_bytes, scratch_bytes=self.scratch_bytes
        )
        numbers = [next(self._numbers) for _ in codes]
        folders = {number: self.template.new_folder() for number in numbers}
        states = {number: BlockState(number, 0, 1) for number in numbers}
        found = {number: Ended() for number in numbers}
        for number, code in zip(numbers, codes, strict=True):
            script = self._root / f"code_{number}.py"
            script.write_text(HEAD + textwrap.dedent(code))
            args = ("--code", str(script))
            request = BlockRequest(number, 1, 1, 1, 0, folders[number], args)
            self.template.submit(request)
        started = time.monotonic()
        while not all(state.exited for state in states.values()):
            assert time.monotonic() < started + SECONDS, "the blocks did not end"
            event = self.template.poll(0.05)
            match event:
                case events.Started():
                    found[event.block].process = event.pid
                case events.Sample():
                    states[event.block].reported.add(0)
                    found[event.block].content = event.content
                case events.Exit():
                    state = states[event.block]
                    state.killed = state.killed or limits.ended(event.block)
                    state.end(event, "")
                    found[event.block].seconds = time.monotonic() - started
                    found[event.block].failure = state.cause
                case _:
                    pass
            for number, state in states.items():
                if not state.exited and not state.killed:
                    state.killed = limits.exceeded(number, folders[number])
                    if state.killed:
                        self.template.kill_block(number)
        for folder in folders.values():
            shutil.rmtree(folder)
        return list(found.values())

    def beside(self, code: str) -> Ended:
        """How a block ended, after the block beside it has generated what it always does."""
        self._alone = self._alone or self.run(_BESIDE)[0].content
        assert self._alone
        ended, other = self.run(code, _BESIDE)
        assert (other.failure, other.content) == (None, self._alone), (other, self._alone, ended)
        return ended


@contextmanager
def open_limited(folder: Path, *, head: str = "") -> Iterator[LimitedBlocks]:
    """Start a template in an existing private folder.

    Args:
        folder: the folder.
        head: code that runs when the generator is imported.
    """
    files = {"examples/generate.py": "import core\n" + _SCRIPT, "core/__init__.py": head}
    root = write_repository(folder / "generator", files)
    flags = Flags(samples="--num-samples", output="--output", seed="--seed")
    launch = Launch(
        "O-limited", "repository", str(root), mode="whole", flags=flags, sequential=True
    )
    template = GeneratorTemplate(launch, folder)
    try:
        template.start()
        yield LimitedBlocks(template, root)
    finally:
        template.close()
