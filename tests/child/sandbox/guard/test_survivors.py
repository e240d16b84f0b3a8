"""The guard kills what survives a block, without a call that the sandbox would have to wait for."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from vrdata_child.sandbox.guard.tasks import Tasks

# Tells its process numbers: a helper of the import, a block that runs, and two that survive theirs.
TREE = """
import ctypes, json, os, sys, time
ctypes.CDLL(None).prctl(36, 1)  # PR_SET_CHILD_SUBREAPER

def sleeper(*, session=False):
    pid = os.fork()
    if pid == 0:
        if session:
            os.setsid()
        time.sleep(600)
        os._exit(0)
    return pid

def block(stays):
    ours, theirs = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.write(theirs, json.dumps([sleeper(), sleeper(session=True)]).encode())
        if stays:
            time.sleep(600)
        os._exit(0)
    return pid, json.loads(os.read(ours, 1000))

helper = sleeper()
print(json.dumps({"helper": helper}), flush=True)
sys.stdin.readline()
running, inside = block(True)
ended, survivors = block(False)
os.waitpid(ended, 0)
told = {"running": running, "inside": inside, "ended": ended, "survivors": survivors}
print(json.dumps(told), flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def top() -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", TREE]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        yield process
        for one in Tasks(process.pid).members(process.pid)[1:]:
            subprocess.run(["kill", "-KILL", str(one[0])], check=False, timeout=10)
        process.kill()


def state(process: int) -> str:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "Z"


def test_the_end_of_a_block_kills_its_survivors_and_nothing_else(
    top: subprocess.Popen[str],
) -> None:
    assert top.stdin is not None
    assert top.stdout is not None
    tasks = Tasks(top.pid)
    told = json.loads(top.stdout.readline())
    tasks.begin(top.pid, "/unused")  # the import has ended
    tasks.end(top.pid)
    top.stdin.write("\n")
    top.stdin.flush()
    told |= json.loads(top.stdout.readline())
    for leader in (told["running"], told["ended"]):
        tasks.begin(leader, "/unused")
    tasks.end(told["ended"])
    tasks.kill_survivors()
    deadline = time.monotonic() + 30
    while any(state(one) != "Z" for one in told["survivors"]):
        assert time.monotonic() < deadline, "a survivor runs"
        time.sleep(0.01)
    kept = [told["helper"], told["running"], *told["inside"]]
    assert [state(one) for one in kept] == ["S"] * 4
