"""Two children of one worker against one: samples per second of a first-party generator."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import Goal, NotMeasuredError, Options, Row, interleaved, ratios, run

GENERATOR = "G-bouncing-balls"
SAMPLES = 160
GOAL = Goal(1.85, at_least=True)


def rows(options: Options) -> Iterator[Row]:
    """One shard by a worker process with one child and with two, start and commit included."""
    if len(os.sched_getaffinity(0)) < 2:
        raise NotMeasuredError("two children need two cores")
    rounds = interleaved(options.repeats, lambda: _seconds(1), lambda: _seconds(2), warm=False)
    yield Row("children", "samples/s of 2 children / of 1", GOAL, ratios(rounds))


def _seconds(children: int) -> float:
    from support.datasets.workers import make_bench

    with tempfile.TemporaryDirectory() as folder:
        bench = make_bench(Path(folder), None, {GENERATOR: SAMPLES}, shard_size=SAMPLES)
        return run(bench.command(f"{GENERATOR}:0", children=children)).wall
