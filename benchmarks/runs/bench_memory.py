"""Resident peak of a worker, supervisor and child, at 1000 samples against 50.

The repository keeps every picture of its data set, as existing ones do: a plain run of it grows by
8 MB per sample. One block has all samples, so that no new process hides growth.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import Goal, Options, Row, interleaved, ratios

GENERATOR = "O-growing"
FEW, MANY = 50, 1000
POLL_SECONDS = 0.02
GOAL = Goal(1.05, at_least=False)


def rows(options: Options) -> Iterator[Row]:
    """Measure at most three times: peaks hardly vary."""
    from support.generators.traps import add_traps

    with tempfile.TemporaryDirectory() as name:
        home = add_traps(Path(name), "growing")
        rounds = interleaved(
            min(options.repeats, 3),
            lambda: _peak_bytes(home, Path(name), MANY),
            lambda: _peak_bytes(home, Path(name), FEW),
            warm=False,
        )
    peak = max(many for many, _ in rounds) / 2**20
    meaning = f"peak at {MANY} samples ({peak:.0f} MiB) / at {FEW}"
    yield Row("memory", meaning, GOAL, ratios(rounds))


def _peak_bytes(home: Path, folder: Path, samples: int) -> float:
    from support.datasets.workers import finished, make_bench

    with tempfile.TemporaryDirectory(dir=folder) as place:
        bench = make_bench(
            Path(place), home, {GENERATOR: samples}, shard_size=samples, block_size=samples
        )
        worker = bench.start(f"{GENERATOR}:0")
        supervisor = _own_peak(worker.pid)
        outcome = finished(worker)[1][0]
    return float(supervisor + outcome["peakMemoryBytes"])


def _own_peak(pid: int) -> int:
    """Resident peak of a process that runs, in bytes; returns when it has ended (proc(5))."""
    status, peak = Path(f"/proc/{pid}/status"), 0
    while "VmHWM:" in (text := status.read_text()):  # it has ended
        peak = int(text.partition("VmHWM:")[2].split()[0]) * 1024
        time.sleep(POLL_SECONDS)
    return peak
