"""One-sample shards: a warm generator against a fresh interpreter for each task.

The peer starts `generate.py --help` to find its flags and then the script itself, for every
task. The repository imports numpy and OpenCV and paints 64 x 64 pixels: almost no work.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import Goal, Options, Row, interleaved, ratios, run

TASKS = 30
GOAL = Goal(3.0, at_least=True)


def rows(options: Options) -> Iterator[Row]:
    """Whole runs of TASKS shards on one worker, start and finalisation included."""
    from support.generators.traps import add_traps

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        home = add_traps(folder, "shared")
        script = folder / "repositories" / "O-shared" / "examples" / "generate.py"
        rounds = interleaved(
            options.repeats,
            lambda: _fresh(script, folder),
            lambda: _warm(home, folder),
            warm=False,
        )
    yield Row("single", "fresh interpreters' time / ours", GOAL, ratios(rounds))


def _fresh(script: Path, folder: Path) -> float:
    with tempfile.TemporaryDirectory(dir=folder) as place:
        probe = [sys.executable, script, "--help"]
        task = [sys.executable, script, "--num-samples", 1, "--seed", 1, "--output", place]
        return sum(run(probe).wall + run(task, env={"TMPDIR": place}).wall for _ in range(TASKS))


def _warm(home: Path, folder: Path) -> float:
    from support.cli import command, write_run

    with tempfile.TemporaryDirectory(dir=folder) as place:
        path = write_run(Path(place) / "run.yaml", {"O-shared": TASKS}, shard_size=1, block_size=1)
        words = command("run", path, "--local", "--out", place, "--jobs", 1, "--generators", home)
        return run(words).wall
