"""What the framework adds to a sample: CPU of a whole run less the generator's own work.

Both are slopes between two numbers of samples, so that what a run costs once does not count. Own
work is choosing parameters, drawing and encoding, in a bare loop with the same encoders.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from benchmarks.measure import Goal, Options, Row, interleaved, run

GENERATORS = ("O-maze", "G-bouncing-balls")
FEW, MANY = 20, 120
MILLISECONDS = 6.0
SHARE = 0.02  # of the own work: what counts for slow generators
_BARE = """
import sys
from pathlib import Path
from vrdata_child import redirect
redirect.install("h264")
from vrdata_child.firstparty import make_samples
count = int(sys.argv[2])
for _ in make_samples(
    sys.argv[1], "builtin", "", seed=7, count=count, want=count, out=Path(sys.argv[3])
):
    pass
"""


def rows(options: Options) -> Iterator[Row]:
    """One row for each generator."""
    for name in GENERATORS:
        rounds = interleaved(
            options.repeats,
            partial(_slope, partial(_through_vrdata, name)),
            partial(_slope, partial(_bare, name)),
            warm=False,
        )
        own = statistics.median(bare for _, bare in rounds)
        bound = max(MILLISECONDS, SHARE * own * 1e3)
        added = tuple((ours - bare) * 1e3 for ours, bare in rounds)
        meaning = f"CPU per sample beside the generator's {own * 1e3:.0f} ms"
        yield Row(f"overhead.{name}", meaning, Goal(bound, at_least=False, unit=" ms"), added)


def _slope(cpu: Callable[[int], float]) -> float:
    return (cpu(MANY) - cpu(FEW)) / (MANY - FEW)


def _through_vrdata(name: str, count: int) -> float:
    from support.cli import command, write_run  # noqa: PLC0415 - found by benchmarks.__main__

    with tempfile.TemporaryDirectory() as folder:
        path = write_run(Path(folder) / "run.yaml", {name: count}, shard_size=count)
        return run(command("run", path, "--local", "--out", folder, "--jobs", 1)).cpu


def _bare(name: str, count: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        alone = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # as a child has it
        return run([sys.executable, "-c", _BARE, name, count, folder], env=alone).cpu
