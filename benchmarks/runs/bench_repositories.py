"""Real generator repositories: `vrdata run --local` against the repository's own plain run.

Both generate the same number of samples with one process at a time, from start to end; vrdata also
checks, hashes, packs and commits them and writes index and report. The spread is over the
repositories; the figures of each go to standard error.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.measure import (
    Cost,
    Goal,
    NotMeasuredError,
    Options,
    Row,
    interleaved,
    run,
)

SAMPLES = 20
SEED = 42
SPEED = Goal(1.3, at_least=True)
CPU = Goal(1.3, at_least=True)


def rows(options: Options) -> Iterator[Row]:
    """Samples per second and CPU, over all repositories of the home that can be seeded."""
    if options.home is None:
        raise NotMeasuredError("it needs --home, a folder of added generators")
    catalogue = json.loads((options.home / "catalogue.json").read_text())
    entries = [
        entry
        for entry in catalogue["generators"]
        if entry["kind"] == "repository"
        and entry["flags"].get("seed")
        and (not options.only or entry["name"] in options.only)
    ]
    if not entries:
        raise NotMeasuredError(f"{options.home} holds no such repository")
    measured = [_compared(options.home.absolute(), entry, options.repeats) for entry in entries]
    speed, cpu = zip(*measured, strict=True)
    count = f"{len(entries)} repositories"
    yield Row("repositories.speed", f"samples/s through vrdata / plain, {count}", SPEED, speed)
    yield Row("repositories.cpu", "plain run's CPU / vrdata's", CPU, cpu)


def _compared(home: Path, entry: dict[str, Any], repeats: int) -> tuple[float, float]:
    """Medians of the plain run's seconds and CPU over vrdata's."""
    rounds = interleaved(
        repeats, lambda: _plain(home, entry), lambda: _through_vrdata(home, entry), warm=False
    )
    speed = statistics.median(plain.wall / ours.wall for plain, ours in rounds)
    cpu = statistics.median(plain.cpu / ours.cpu for plain, ours in rounds)
    print(f"{entry['name']}: speed {speed:.2f}, cpu {cpu:.2f}", file=sys.stderr, flush=True)
    return speed, cpu


def _plain(home: Path, entry: dict[str, Any]) -> Cost:
    root, flags = home / entry["path"], entry["flags"]
    with tempfile.TemporaryDirectory() as out, tempfile.TemporaryDirectory() as temporary:
        script = [home / entry["python"], root / "examples" / "generate.py"]
        words = [flags["samples"], SAMPLES, flags["output"], out, flags["seed"], SEED]
        return run([*script, *words], cwd=root, env={"TMPDIR": temporary})


def _through_vrdata(home: Path, entry: dict[str, Any]) -> Cost:
    from support.cli import command, write_run

    with tempfile.TemporaryDirectory() as folder:
        path = write_run(Path(folder) / "run.yaml", {entry["name"]: SAMPLES}, shard_size=SAMPLES)
        words = ("run", path, "--local", "--out", folder, "--jobs", 1, "--generators", home)
        return run(command(*words))
