"""Planning the largest runs takes memory for generators, never for samples."""

from __future__ import annotations

import subprocess
import sys

LIMIT_BYTES = 150 * 2**20

# The peak is read in the process: VmHWM of proc(5) starts anew with it, ru_maxrss does not.
PROGRAM = """
import sys
from pathlib import Path
from vrdata.api.run import GenerationRun
from vrdata.plan.build import build_plan
from vrdata.plan.catalogue import Catalogue
generators = [
    {"name": f"O-{i}", "class": "O", "kind": "builtin", "digest": "sha256:" + "a" * 64}
    for i in range(300)
]
run = {"metadata": {"name": "big"}, "spec": {"samples": 10**6, "generators": [{"name": "*"}]}}
plan = build_plan(
    GenerationRun.model_validate(run),
    Catalogue.model_validate({"generators": generators}),
    versions={},
)
print(plan.hash)
print(sum(item.samples for item in plan.generators))
print(len(plan.to_json()))
print(sum(1 for _ in plan.all_shards()))
print(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])
"""


def test_300_generators_of_a_million_samples_are_planned_in_150_mib() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, timeout=120
    )
    _, samples, size, shards, peak_kib = done.stdout.split()
    assert int(samples) == 300 * 10**6
    assert int(shards) == 300 * -(-100_000 // 51)  # blocks of 10, 51 of them to a shard
    assert int(size) < 100_000
    assert int(peak_kib) * 1024 < LIMIT_BYTES
