"""Resident peak of an import, all its processes together, at 10000 items against 100."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.imports.tree_peaks import tree_peaks
from benchmarks.measure import Goal, Options, Row, interleaved

FEW, MANY = 100, 10_000
GOAL = Goal(1.05, at_least=False)


def rows(options: Options) -> Iterator[Row]:
    """Measure at most twice: an import of 10000 items takes a minute, and peaks hardly vary."""
    from support.datasets.puzzles import puzzles, write_puzzles

    with tempfile.TemporaryDirectory() as name:
        tables = {count: Path(name) / f"{count}.parquet" for count in (FEW, MANY)}
        for count, table in tables.items():
            write_puzzles(table, puzzles(count, size=8), group=100)
        rounds = interleaved(
            min(options.repeats, 2),
            lambda: _peaks(tables[MANY]),
            lambda: _peaks(tables[FEW]),
            warm=False,
        )
    many, few = rounds[0]
    shown = " + ".join(f"{a / 2**20:.0f}" for a in many)
    before = " + ".join(f"{a / 2**20:.0f}" for a in few)
    yield Row(
        "import.flat",
        f"peak of all processes at {MANY} items ({shown} MiB) / at {FEW} ({before})",
        GOAL,
        tuple(sum(one) / sum(other) for one, other in rounds),
    )


def _peaks(table: Path) -> list[int]:
    from support.cli import command

    with tempfile.TemporaryDirectory() as folder:
        words = ("import", table, "--output", f"{folder}/out", "--jobs", 1)
        return tree_peaks(command(*words))
