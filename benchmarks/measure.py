"""Measure two ways of doing one thing in turn, and compare the figures with a goal."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
REPEATS = 5
DEADLINE_SECONDS = 1800  # of one command


@dataclass(frozen=True)
class Options:
    """The options of the command line.

    Attributes:
        repeats: how often each pair is measured.
        home: a folder of added generator repositories, or None.
        only: names of those repositories; empty = all.
        shards: of one run on a cluster.
    """

    repeats: int = REPEATS
    home: Path | None = None
    only: tuple[str, ...] = ()
    shards: int = 300


@dataclass(frozen=True)
class Goal:
    """A bound for the median.

    Attributes:
        bound: the number.
        at_least: True when larger is better.
        unit: printed behind figures; empty for a ratio.
    """

    bound: float
    at_least: bool
    unit: str = ""

    def met(self, figure: float) -> bool:
        """Whether a figure is within the bound."""
        return figure >= self.bound if self.at_least else figure <= self.bound

    def __str__(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {self.bound:g}{self.unit}"


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        name: `benchmark.what`.
        meaning: what is compared, in a few words.
        goal: the bound for the median.
        figures: one for each repeat.
    """

    name: str
    meaning: str
    goal: Goal
    figures: tuple[float, ...]

    @property
    def median(self) -> float:
        """The middle figure."""
        return statistics.median(self.figures)

    @property
    def met(self) -> bool:
        """Whether the median meets the goal."""
        return self.goal.met(self.median)


class NotMeasuredError(Exception):
    """A benchmark cannot run here; the message gives the reason and the fix."""


@dataclass(frozen=True)
class Cost:
    """The cost of a process tree.

    Attributes:
        wall: seconds on the clock.
        cpu: seconds of user and system time, of the process and of all that it waited for.
        peak_bytes: resident memory of the largest of these processes.
    """

    wall: float
    cpu: float
    peak_bytes: int


def interleaved(repeats: int, *ways: Callable[[], T], warm: bool = True) -> list[tuple[T, ...]]:
    """Measure every way once per repeat, in alternating order, so that drift affects all alike.

    Args:
        repeats: rounds that count.
        ways: each returns what it measured.
        warm: do one more round first, which does not count.
    """
    if warm:
        for way in ways:
            way()
    rounds: list[tuple[T, ...]] = []
    for number in range(repeats):
        order = list(enumerate(ways))
        measured = {at: way() for at, way in (order[::-1] if number % 2 else order)}
        rounds.append(tuple(measured[at] for at in range(len(ways))))
    return rounds


def ratios(rounds: Sequence[tuple[float, ...]], over: int = 0, under: int = 1) -> tuple[float, ...]:
    """Figure `over` divided by figure `under`, for each round."""
    return tuple(each[over] / each[under] for each in rounds)


def cpu_seconds(work: Callable[[], object]) -> float:
    """CPU seconds of this process, all its threads, for one call."""
    start = time.process_time()
    work()
    return time.process_time() - start


def wall_seconds(work: Callable[[], object]) -> float:
    """Seconds on the clock for one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def run(
    command: Sequence[object], *, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> Cost:
    """Run a process until it ends and measure it with the processes that it waited for.

    Raises:
        subprocess.CalledProcessError: it failed; its standard error is printed.
    """
    words = [str(word) for word in command]
    with tempfile.TemporaryFile() as errors:
        start = time.perf_counter()
        with subprocess.Popen(
            words,
            cwd=cwd,
            env={**os.environ, **(env or {})},
            stdout=subprocess.DEVNULL,
            stderr=errors,
        ) as process:
            deadline = threading.Timer(DEADLINE_SECONDS, process.kill)
            deadline.start()
            _, status, usage = os.wait4(process.pid, 0)
            deadline.cancel()
            process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.perf_counter() - start
        if process.returncode:
            errors.seek(0)
            print(errors.read().decode(errors="replace"), file=sys.stderr)
            raise subprocess.CalledProcessError(process.returncode, words)
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)
