"""Import a table of images, against bare loops that decode and write the same images.

The import has one worker, or one for each processor, as by default; the loops have one process.

All are slopes between two numbers of items, so that starting programs does not count. The first
loop writes PNG files with the encoder of vrdata; the second one is what scripts for one dataset do:
Pillow saves each image. The import checks and hashes everything, syncs each file, and keeps the
bytes of these images, which are RGB pixels alone.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from benchmarks.measure import Cost, Goal, Options, Row, interleaved, run

FEW, MANY = 100, 600
SIZE = 448  # pixels of an image's side, as in VideoThinkBench
BARE_GOAL = Goal(0.9, at_least=True)
LOOP_GOAL = Goal(3.0, at_least=True)
_LOOP = """
import io, sys
from pathlib import Path
import pyarrow.parquet as pq
from PIL import Image
encoder, table, count, out = sys.argv[1], sys.argv[2], int(sys.argv[3]), Path(sys.argv[4])
if encoder == "own":
    from vrdata_child.patches import redirect
    redirect.install("h264")
index = 0
for batch in pq.ParquetFile(table).iter_batches(20):
    for row in batch.to_pylist():
        if index == count:
            sys.exit()
        folder = out / f"{row['task']}_task" / f"vtb_test_{index:05d}"
        folder.mkdir(parents=True)
        for name, column in (("first_frame", "image"), ("final_frame", "solution_image")):
            image = Image.open(io.BytesIO(row[column]["bytes"])).convert("RGB")
            image.save(folder / f"{name}.png")
        (folder / "prompt.txt").write_text(row["prompt"], encoding="utf-8")
        index += 1
"""


def rows(options: Options) -> Iterator[Row]:
    """Items in a second, with one converter, in relation to each loop."""
    from support.datasets.puzzles import puzzles, write_puzzles

    with tempfile.TemporaryDirectory() as name:
        table = Path(name) / "puzzles.parquet"
        write_puzzles(table, puzzles(MANY, size=SIZE), group=100)
        rounds = interleaved(
            options.repeats,
            partial(_slope, partial(_import, table, ("--jobs", 1))),
            partial(_slope, partial(_import, table, ())),
            partial(_slope, partial(_loop, "own", table)),
            partial(_slope, partial(_loop, "pillow", table)),
            warm=False,
        )
    for at, name, words in ((0, "one", "with one worker"), (1, "all", "with all processors")):
        wall, cpu = (min(each[at][which] for each in rounds) * 1e3 for which in (0, 1))
        what = f"items/s {words} ({wall:.0f} ms an item, {cpu:.0f} ms of CPU)"
        bare, script = (tuple(each[loop][0] / each[at][0] for each in rounds) for loop in (2, 3))
        yield Row(f"import.bare.{name}", f"{what} / bare loop", BARE_GOAL, bare)
        yield Row(
            f"import.script.{name}", f"{what} / loop in which Pillow saves", LOOP_GOAL, script
        )


def _slope(cost: Callable[[int], Cost]) -> tuple[float, float]:
    """Seconds on the clock and of CPU for one more item."""
    many, few = cost(MANY), cost(FEW)
    return (many.wall - few.wall) / (MANY - FEW), (many.cpu - few.cpu) / (MANY - FEW)


def _import(table: Path, jobs: tuple[object, ...], count: int) -> Cost:
    from support.cli import command

    with tempfile.TemporaryDirectory() as folder:
        words = ("import", table, "--limit", count, "--output", f"{folder}/out", *jobs)
        return run(command(*words))


def _loop(encoder: str, table: Path, count: int) -> Cost:
    alone = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # as in a child
    with tempfile.TemporaryDirectory() as folder:
        words = [sys.executable, "-c", _LOOP, encoder, str(table), str(count), folder]
        return run(words, env=alone)
