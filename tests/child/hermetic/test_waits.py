"""Waits for something outside the generator's own code are real, and time limits apply."""

from __future__ import annotations

import pytest

from support.generators.probe import Probes

SLOW_HELPER = """
import subprocess, sys, time
def helper(*arguments):
    code = "import sys, time; time.sleep(0.3); sys.argv[1:] and open(sys.argv[1], 'w').write('x')"
    return subprocess.Popen([sys.executable, "-S", "-c", code, *arguments])
"""
# What is true when the waits of a block are real.
WAITS = {
    "waiting for a process with a limit": "facts = helper().wait(timeout=50)",
    "running a process with a limit": """
facts = subprocess.run([sys.executable, "-S", "-c", "import time; time.sleep(0.3)"],
    timeout=50, capture_output=True).returncode
""",
    "polling for a file": """
import os
process = helper("answer")
for _ in range(500):
    if os.path.exists("answer"):
        break
    time.sleep(0.1)
facts = 0 if os.path.exists("answer") else 1
process.wait()
""",
    "polling for a file without a pause": """
import os
process, end = helper("answer"), time.monotonic() + 50
while time.monotonic() < end and not os.path.exists("answer"):
    pass
facts = 0 if os.path.exists("answer") else 1
process.wait()
""",
    "polling for a daemon's file": """
import os
subprocess.run(["sh", "-c", "(sleep 0.3; echo > answer) & exit 0"])
for _ in range(500):
    if os.path.exists("answer"):
        break
    time.sleep(0.1)
facts = 0 if os.path.exists("answer") else 1
""",
    "waiting for a thread's answer": """
import queue, threading
answers, go = queue.Queue(), threading.Event()
threading.Thread(target=lambda: (go.wait(0.3), answers.put(0))).start()
facts = answers.get(timeout=50)
""",
    "sleeping in a coroutine": """
import asyncio
async def slow():
    await asyncio.sleep(0.05)
    return 0
facts = asyncio.run(asyncio.wait_for(slow(), timeout=50))
""",
    "a pool of processes": """
import multiprocessing
with multiprocessing.get_context("fork").Pool(2) as pool:
    facts = sum(pool.map_async(abs, [0, 0]).get(timeout=50))
""",
    "a schedule of the time of day": """
import sched
made, plan = [], sched.scheduler(time.time, time.sleep)
for delay in (0.2, 0.1):
    plan.enter(delay, 1, made.append, (delay,))
plan.run()
facts = 0 if made == [0.1, 0.2] else 1
""",
    "a pool of threads": """
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(2) as pool:
    facts = pool.submit(time.sleep, 0.05).result(timeout=50) or 0
""",
}
# Loops that wait in steps of 0.05 s for half a second of their clock.
STEPS = {
    "an empty queue": (
        "import queue\nq = queue.Queue()",
        "try: q.get(timeout=0.05)\n    except queue.Empty: pass",
    ),
    "an event": ("import threading\nevent = threading.Event()", "event.wait(0.05)"),
    "an event of processes": (
        "import multiprocessing\nevent = multiprocessing.get_context('fork').Event()",
        "event.wait(0.05)",
    ),
    "a thread": (
        """
import threading
stop = threading.Event()
thread = threading.Thread(target=stop.wait, daemon=True)
thread.start()
""",
        "thread.join(0.05)",
    ),
    "select": ("import select", "select.select([], [], [], 0.05)"),
    "a selector": (
        """
import selectors, socket
selector, ends = selectors.DefaultSelector(), socket.socketpair()
selector.register(ends[0], selectors.EVENT_READ)
""",
        "selector.select(timeout=0.05)",
    ),
    "a process": (
        "process = subprocess.Popen(['sleep', '600'])",
        "try: process.wait(timeout=0.05)\n    except subprocess.TimeoutExpired: pass",
    ),
    "a worker process": (
        """
import multiprocessing
fork = multiprocessing.get_context("fork")
process = fork.Process(target=time.sleep, args=(600,), daemon=True)
process.start()
""",
        "process.join(0.05)",
    ),
    "a coroutine": ("import asyncio", "asyncio.run(asyncio.sleep(0.05))"),
}


@pytest.mark.parametrize("wait", WAITS)
def test_a_wait_lasts_until_its_event(wait: str, probes: Probes) -> None:
    assert probes.run(SLOW_HELPER + WAITS[wait]) == 0


@pytest.mark.parametrize("clock", ["monotonic", "time"])
@pytest.mark.parametrize("waiting", STEPS)
def test_a_loop_of_waits_ends_by_the_clock(waiting: str, clock: str, probes: Probes) -> None:
    before, step = STEPS[waiting]
    loop = f"""
import subprocess, time
{before}
facts, end = 0, time.{clock}() + 0.5
while time.{clock}() < end:
    facts += 1
    {step}
"""
    assert 5 <= probes.run(loop) <= 11


def test_a_sleep_of_an_idle_generator_takes_no_time(probes: Probes) -> None:
    code = """
        import time
        start = time.time()
        time.sleep(5000)
        facts = round(time.time() - start)
    """
    assert probes.run(code) == 5000


def test_a_wait_that_ends_early_does_not_advance_the_clock(probes: Probes) -> None:
    code = """
        import queue, subprocess, threading, time
        answers = queue.Queue()
        start = time.time()
        thread = threading.Thread(target=lambda: answers.put(1))
        thread.start()
        answers.get(timeout=40)
        thread.join(40)
        subprocess.run(["true"], timeout=40)
        subprocess.run(["true"], timeout=40, capture_output=True)
        facts = round(time.time() - start, 4)
    """
    assert probes.run(code) == 0.0001


def test_the_thread_of_a_library_does_not_advance_the_clock(probes: Probes) -> None:
    code = """
        import threading, time, tqdm
        tqdm.tqdm.monitor_interval = 0.01
        bar = tqdm.tqdm(range(3))
        start = time.time()
        alive = threading.active_count()
        threading.Event().wait(0.2)
        facts = [alive, round(time.time() - start, 2)]
    """
    assert probes.run(code) == [2, 0.2]
