"""What the sandbox costs: for each block, for a process of a generator, for files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import vrdata_child
from benchmarks.measure import Goal, Options, Row
from vrdata_worker.child.channel import Channel
from vrdata_worker.child.enclose import enclosed

BLOCK = Goal(1.0, at_least=False, unit=" ms")
PROCESS = Goal(1.0, at_least=False, unit=" ms")
FILES = Goal(1.25, at_least=False)
DEADLINE_SECONDS = 120
_PACKAGES = Path(vrdata_child.__file__).parents[1]
# Milliseconds for the fork of a block, closed if the process is; for another fork; for 500 files.
_WORK = """
import json, os, statistics, sys, time
from vrdata_child.sandbox import landlock
from vrdata_child.sandbox.narrow import Narrowing

folder, closed = sys.argv[1], sys.argv[2] == "closed"
narrowing = Narrowing("", folder, sys.executable, landlock.version())

def fork(work):
    start = time.perf_counter()
    process = os.fork()
    if not process:
        work()
        os._exit(0)
    os.waitpid(process, 0)
    return time.perf_counter() - start

def files():
    start = time.process_time()
    for number in range(500):
        with open(f"{folder}/{number}", "wb") as file:
            file.write(b"x")
    return time.process_time() - start

work = (lambda: narrowing.apply(folder)) if closed else (lambda: None)
blocks = statistics.median(fork(work) for _ in range(101))
others = statistics.median(fork(lambda: None) for _ in range(101))
print(json.dumps([1000 * one for one in (blocks, others, files())]))
"""


def rows(options: Options) -> Iterator[Row]:
    """Each figure in a sandbox, compared with the same work without one."""
    pairs = [(_measured(closed=True), _measured(closed=False)) for _ in range(options.repeats)]
    block, process = (tuple(a[place] - b[place] for a, b in pairs) for place in (0, 1))
    yield Row("sandbox.block", "fork of a block, ms more", BLOCK, block)
    yield Row("sandbox.process", "fork in a generator, ms more", PROCESS, process)
    files = tuple(a[2] / b[2] for a, b in pairs)
    yield Row("sandbox.files", "CPU to write files, in / without", FILES, files)


def _measured(*, closed: bool) -> list[float]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        command = [sys.executable, "-c", _WORK, str(folder), "closed" if closed else "open"]
        channel = Channel()
        try:
            if closed:
                report = channel.theirs.fileno()
                command = enclosed(command, report=report, python=sys.executable, write=[folder])
            done = subprocess.run(
                command,
                stdout=subprocess.PIPE,
                timeout=DEADLINE_SECONDS,
                check=True,
                pass_fds=(channel.theirs.fileno(),),
                env={**os.environ, "PYTHONPATH": str(_PACKAGES)},
            )
        finally:
            channel.close()
    figures: list[float] = json.loads(done.stdout)
    return figures
