"""What an operator costs that serves a run of 10^5 shards: CPU, memory, and pauses of its loop.

The cluster is in memory, the store is a folder of real files. The operator is a process of its
own, so that its memory is its own too. Markers have 300 samples; of the 10^5 only the first line
is real, because nothing else is read.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import Goal, Options, Row

DEADLINE_SECONDS = 1200


def rows(options: Options) -> Iterator[Row]:
    """A short run from its start, then the restart and the steady turns of a long one."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        commits = [_measure("commits", folder / f"short-{at}") for at in range(options.repeats)]
        yield _row(commits, "commit", "CPU per committed shard, turns included", 0.5, " ms")
        long = folder / "long"
        _measure("build", long)
        restarts = [_measure("restart", long) for _ in range(options.repeats)]
    for key, meaning, bound, unit in (
        ("reading", "CPU beside the loop after a restart with 10^5 commits", 60, " s"),
        ("pause", "longest pause of the loop meanwhile", 100, " ms"),
        ("memory", "resident memory at its peak", 300, " MiB"),
        ("turn", "CPU of a turn without news at 10^5 commits", 0.2, " s"),
    ):
        yield _row(restarts, key, meaning, bound, unit)


def _row(measured: list[dict[str, float]], key: str, meaning: str, bound: float, unit: str) -> Row:
    figures = tuple(one[key] for one in measured)
    return Row(f"operator.{key}", meaning, Goal(bound, at_least=False, unit=unit), figures)


def _measure(what: str, folder: Path) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.bench_operator_process", what, folder],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        timeout=DEADLINE_SECONDS,
        check=True,
    )
    figures: dict[str, float] = json.loads(done.stdout)
    return figures
