"""Planning 300 generators of a million samples each: seconds and memory of a fresh process."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator

from benchmarks.measure import Goal, Options, Row

SECONDS = Goal(2.0, at_least=False, unit=" s")
MEMORY = Goal(150.0, at_least=False, unit=" MB")
DEADLINE_SECONDS = 120
_PLAN = """
import json, time
from pathlib import Path
from vrdata.api.run import GenerationRun
from vrdata.plan.build import build_plan
from vrdata.plan.catalogue import Catalogue

digest = "sha256:" + "0" * 64
catalogue = Catalogue.model_validate({"generators": [
    {"name": f"O-{n}_maze", "class": "O", "kind": "repository", "digest": digest}
    for n in range(300)
]})
run = GenerationRun.model_validate({
    "apiVersion": "vrdata.dev/v1alpha1", "kind": "GenerationRun", "metadata": {"name": "large"},
    "spec": {"samples": 10**6, "generators": [{"name": "O-*"}]},
})
start = time.perf_counter()
plan = build_plan(run, catalogue, versions={})
plan.to_json(), plan.hash
assert sum(1 for _ in plan.all_shards()) == sum(item.shards for item in plan.generators)
seconds = time.perf_counter() - start
# getrusage would tell the peak of the process that started this one, when that is larger.
peak = Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]
print(json.dumps([seconds, int(peak) * 1024 / 1e6]))
"""


def rows(options: Options) -> Iterator[Row]:
    """From the spec to the plan, its bytes and hash, and the list of missing shards."""
    measured = [_planned() for _ in range(options.repeats)]
    yield Row("plan.seconds", "300 x 10^6 samples", SECONDS, tuple(one[0] for one in measured))
    yield Row("plan.memory", "peak, interpreter included", MEMORY, tuple(p for _, p in measured))


def _planned() -> tuple[float, float]:
    done = subprocess.run(
        [sys.executable, "-c", _PLAN],
        stdout=subprocess.PIPE,
        timeout=DEADLINE_SECONDS,
        check=True,
    )
    seconds, megabytes = json.loads(done.stdout)
    return seconds, megabytes
