"""A worker in a cgroup with little memory: the kernel's own count names what it kills."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.datasets.workers import Bench, finished, make_bench
from support.generators.trap_bodies import GREEDY_MIB
from support.polling import wait_until
from vrdata.memory import find_source

pytestmark = pytest.mark.slow

LIMITS = {"memory.events": "memory.max", "memory.oom_control": "memory.limit_in_bytes"}


@pytest.fixture
def cgroup() -> Iterator[Path]:
    """A cgroup with less memory than the greedy generator takes."""
    source = find_source(Path("/proc"))
    if source is None or source.name not in LIMITS:
        pytest.skip("this machine has no cgroup that counts memory")
    folder = source.parent / f"vrdata-test-{os.getpid()}"
    try:
        folder.mkdir()
        (folder / LIMITS[source.name]).write_text(str(GREEDY_MIB * 1024 * 1024))
    except OSError:
        pytest.skip("this user cannot make a cgroup")
    yield folder
    wait_until(lambda: not (folder / "cgroup.procs").read_text().split(), "no process is left")
    folder.rmdir()


def start(bench: Bench, cgroup: Path, shard: str) -> subprocess.Popen[str]:
    """A worker that is in the cgroup from its start."""
    enter = f'echo $$ > {cgroup}/cgroup.procs && exec "$@"'
    return subprocess.Popen(
        ["sh", "-c", enter, "sh", *bench.command(shard)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_block_that_the_kernel_kills_is_out_of_memory(
    tmp_path: Path, traps_home: Path, cgroup: Path
) -> None:
    run = {"generators": [{"name": "O-greedy", "samples": 20, "args": ["--armed"]}]}
    bench = make_bench(tmp_path, traps_home, {}, extra=run)
    code, outcomes, err = finished(start(bench, cgroup, "O-greedy:0"))
    assert code == 24, err
    assert outcomes[0]["reason"] == "OutOfMemory"
    assert "killed by signal 9: memory ran out" in outcomes[0]["message"]
