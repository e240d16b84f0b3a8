"""Print the figures of each first-party generator: `MEASURED` of its module in builtin/.

    python -m benchmarks.measure_builtin [--samples N]

CPU seconds and bytes are means over N samples, the peak is of one child, through a real worker.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from vrdata_generators.builtin.catalogue import builtin_names

SAMPLES = 40


def main() -> int:
    """Print one line for each generator, in the form of its module."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--samples", type=int, default=SAMPLES)
    samples = parser.parse_args().samples
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
    for name in builtin_names():
        seconds, memory, size = _measured(name, samples)
        figures = f'"secondsPerSample": {seconds:.2f}, "peakMemoryBytes": {memory:_}'
        print(f'{name}: MEASURED = {{{figures}, "bytesPerSample": {size:_}}}', flush=True)
    return 0


def _measured(name: str, samples: int) -> tuple[float, int, int]:
    """CPU seconds of a child per sample, its peak in bytes, bytes of one sample's files."""
    from support.datasets.workers import make_bench

    with tempfile.TemporaryDirectory() as folder:
        bench = make_bench(Path(folder), None, {name: samples}, shard_size=samples)
        _, outcomes, stderr = bench.work(f"{name}:0")
    if not outcomes or outcomes[0].get("exitCode"):
        raise SystemExit(f"{name}: {stderr}")
    done = outcomes[0]
    return (
        done["cpuSeconds"] / samples,
        round(done["peakMemoryBytes"], -6),
        round(done["bytes"] // samples, -3),
    )


if __name__ == "__main__":
    sys.exit(main())
