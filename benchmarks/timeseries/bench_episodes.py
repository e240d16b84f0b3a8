"""Start and resident peak of a dataset of 10^5 episodes, against one of 100."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import Goal, Options, Row, interleaved

FEW, MANY = 100, 100_000
SHARD = 2000
"""Episodes of a file: the footer of a file is in memory as a whole, 200 bytes for each episode."""
# In a process of its own: opens the dataset, and reads random windows with small caches.
READ = """
import json, random, sys, time
from pathlib import Path
from vrdata.timeseries.table.reading import open_tables
from vrdata.timeseries.windows.dataset import WindowDataset, WindowOptions
start = time.process_time()
tables = open_tables(sys.argv[1:], cache_bytes=2**20)
dataset = WindowDataset(tables, 0.1, 0.1, WindowOptions(mode="window"))
opened = time.process_time() - start
chosen = random.Random(0)
for _ in range(1000):
    dataset[chosen.randrange(len(dataset))]
status = Path("/proc/self/status").read_text()  # `getrusage` counts the parent before `exec`
peak = float(status.partition("VmHWM:")[2].split()[0])
print(json.dumps([opened, peak]))
"""


def rows(options: Options) -> Iterator[Row]:
    """The table of 10^5 episodes has 10^7 actions."""
    from vrdata.timeseries.create import DummyOptions, dummy_episode
    from vrdata.timeseries.table.writing import write_table

    episode = dummy_episode(0, DummyOptions(steps=(100, 100)))
    with tempfile.TemporaryDirectory(prefix="vrdata-episodes-") as name:
        few = [Path(name, "few.pq")]
        many = [Path(name, f"{number}.pq") for number in range(MANY // SHARD)]
        write_table(few[0], (episode for _ in range(FEW)))
        for table in many:
            write_table(table, (episode for _ in range(SHARD)))
        rounds = interleaved(options.repeats, lambda: _read(many), lambda: _read(few))
    yield Row(
        "timeseries.start",
        f"CPU seconds to open {MANY} episodes and index their windows",
        Goal(1, at_least=False, unit=" s"),
        tuple(one[0] for one, _ in rounds),
    )
    yield Row(
        "timeseries.flat",
        f"resident peak of 1000 random windows of {MANY} episodes / of {FEW}",
        Goal(1.1, at_least=False),
        tuple(one[1] / other[1] for one, other in rounds),
    )


def _read(tables: list[Path]) -> tuple[float, float]:
    done = subprocess.run(
        [sys.executable, "-c", READ, *map(str, tables)],
        capture_output=True,
        text=True,
        check=True,
        timeout=600,
    )
    opened, peak = json.loads(done.stdout)
    return opened, peak
