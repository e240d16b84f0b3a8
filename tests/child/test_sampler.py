"""The sampler names the line that takes the time, also inside long calls of libraries."""

import os
import signal
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vrdata_child import sampler as samplers
from vrdata_child.sampler import NAME, Sampler, sampled_block

SECONDS = 0.15  # of CPU time; relative figures are compared


def spend(work: Callable[[], object]) -> None:
    end = time.thread_time() + SECONDS
    while time.thread_time() < end:
        work()


def plain_loop() -> int:
    total = 0
    for number in range(20_000):
        total += number * number % 7  # slow: plain
    return total


def array_arithmetic() -> object:
    return FIELD * 1.5 + FIELD  # slow: arrays


def long_call() -> object:
    return sorted(NUMBERS)  # slow: call


FIELD = np.random.default_rng(1).random(
    (2500, 2500)
)  # each operation takes longer than a thread waits
NUMBERS = list(np.random.default_rng(2).random(150_000))


def sampled(*work: Callable[[], object]) -> tuple[dict[str, float], dict[str, Any]]:
    """CPU seconds by function of this file, innermost; and the facts of the sampler."""
    sampler = Sampler()
    sampler.begin()
    try:
        for one in work:
            spend(one)
    finally:
        sampler.end()
    return by_function(sampler)


def by_function(sampler: Sampler) -> tuple[dict[str, float], dict[str, Any]]:
    found = sampler.described()
    seconds: defaultdict[str, float] = defaultdict(float)
    for used, frames in found["stacks"]:
        names = [found["names"][frame[1]] for frame in frames[:1]]
        seconds[names[0] if names else ""] += used / 1e9
    return seconds, found


def test_each_function_gets_the_cpu_time_that_it_uses() -> None:
    seconds, facts = sampled(plain_loop, array_arithmetic, long_call)
    for name in ("plain_loop", "array_arithmetic", "long_call"):
        assert SECONDS / 2 < seconds[name] < 2 * SECONDS, seconds
    assert abs(sum(seconds.values()) - facts["cpuSeconds"]) < 0.2 * facts["cpuSeconds"]


def test_array_arithmetic_is_found_at_its_own_line() -> None:
    sampler = Sampler()
    sampler.begin()
    spend(array_arithmetic)
    sampler.end()
    found = sampler.described()
    lines: Counter[int] = Counter()
    for used, frames in found["stacks"]:
        lines[frames[0][2]] += used
    line = array_arithmetic.__code__.co_firstlineno + 1
    assert lines.most_common(1)[0][0] == line


def test_threads_that_run_python_code_are_sampled() -> None:
    sampler = Sampler()
    sampler.begin()
    thread = threading.Thread(target=spend, args=(plain_loop,))
    thread.start()
    thread.join()
    sampler.end()
    seconds, _ = by_function(sampler)
    assert seconds["plain_loop"] > SECONDS / 10


def test_everything_is_as_before_when_it_has_ended() -> None:
    before = (signal.getsignal(signal.SIGPROF), threading.active_count())
    sampler = Sampler()
    sampler.begin()
    assert threading.active_count() == before[1]
    spend(plain_loop)
    sampler.end()
    assert (signal.getsignal(signal.SIGPROF), threading.active_count()) == before
    assert signal.getitimer(signal.ITIMER_PROF) == (0.0, 0.0)
    assert signal.set_wakeup_fd(-1) == -1


def test_a_name_that_is_no_valid_text_is_written_as_one() -> None:
    code = compile("def work():\n    return sorted(NUMBERS)\n", "\udcff\x1b" * 400, "exec")
    scope = {"NUMBERS": NUMBERS}
    exec(code, scope)  # noqa: S102 - code with a hostile file name
    sampler = Sampler()
    sampler.begin()
    spend(scope["work"])  # type: ignore[arg-type]
    sampler.end()
    names = sampler.described()["names"]
    assert all(len(name.encode()) <= 900 and len(name) <= 300 for name in names)
    assert any(name.endswith("?\x1b") for name in names)


def test_a_fork_that_leaves_the_sampled_block_ends_and_writes_nothing(tmp_path: Path) -> None:
    """As a generator does that calls os.fork and ends the new process by sys.exit."""
    with sampled_block(tmp_path, enabled=True):
        process = os.fork()
        if process == 0:
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.alarm(10)  # the second thread is not in the fork: nothing must wait for it
    if process == 0:
        os._exit(7)
    (tmp_path / NAME).rename(tmp_path / "of the parent")
    assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 7
    assert not (tmp_path / NAME).exists()


def test_a_thread_that_ends_while_it_is_sampled_stops_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock, main = samplers.pthread_getcpuclockid, threading.get_ident()

    def ended(thread: int) -> int:
        if thread != main:
            raise ProcessLookupError
        return clock(thread)

    def work() -> None:
        other = threading.Thread(target=spend, args=(plain_loop,))
        other.start()
        spend(array_arithmetic)
        other.join()

    monkeypatch.setattr(samplers, "pthread_getcpuclockid", ended)
    seconds, _ = sampled(work)
    assert seconds["array_arithmetic"] > 0
