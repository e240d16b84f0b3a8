"""A block changes the priority, CPU affinity and limits only of its own processes."""

from __future__ import annotations

import pytest

from support.generators.probe import Probes
from vrdata_child.sandbox import landlock

pytestmark = pytest.mark.skipif(landlock.version() == 0, reason="needs Landlock")
BLOCK = """
import os, resource, subprocess, sys, threading

def result(call, *arguments):
    try:
        call(*arguments)
    except OSError as error:
        return error.strerror

child = subprocess.Popen([sys.executable, "-I", "-S", "-c", "input()"], stdin=-1)
every = os.sched_getaffinity(0)
outside = os.getppid()
"""


def test_a_block_changes_how_its_own_processes_run(probes: Probes) -> None:
    met = probes.evaluate(
        {
            "own priority": "result(os.setpriority, os.PRIO_PROCESS, 0, 16)",
            "own by number": "result(os.setpriority, os.PRIO_PROCESS, os.getpid(), 17)",
            "child": "result(os.setpriority, os.PRIO_PROCESS, child.pid, 18)",
            "own group": "result(os.setpriority, os.PRIO_PGRP, 0, 19)",
            "processors": "result(os.sched_setaffinity, os.getpid(), every)",
            "thread": "result(os.sched_setaffinity, threading.get_native_id(), every)",
            "limits": "result(resource.prlimit, child.pid, resource.RLIMIT_CPU)",
        },
        BLOCK,
    )
    assert met == dict.fromkeys(met)


def test_a_block_does_not_change_how_others_run(probes: Probes) -> None:
    met = probes.evaluate(
        {
            "priority": "result(os.setpriority, os.PRIO_PROCESS, outside, 1)",
            "user": "result(os.setpriority, os.PRIO_USER, 0, 1)",
            "group": "result(os.setpriority, os.PRIO_PGRP, os.getpgid(outside), 1)",
            "processors": "result(os.sched_setaffinity, outside, every)",
            "limits": "result(resource.prlimit, outside, resource.RLIMIT_CPU)",
        },
        BLOCK,
    )
    assert set(met.values()) == {"Operation not permitted"}
