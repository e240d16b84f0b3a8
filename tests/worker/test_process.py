"""Worker processes: exit codes, files and processes they leave, two workers on one shard."""

from __future__ import annotations

import json
import re
import shutil
import signal
import time
from pathlib import Path

import psutil
import pytest

from support.datasets.workers import Bench, finished, make_bench
from support.polling import wait_until
from support.trees import read_tree

pytestmark = pytest.mark.slow


@pytest.fixture
def home(traps_home: Path) -> Path:
    return traps_home


@pytest.fixture
def bench(tmp_path: Path, home: Path) -> Bench:
    return make_bench(tmp_path, home, {"O-shared": 40}, shard_size=20)


@pytest.mark.smoke
def test_a_worker_commits_its_shards_and_ends_with_0(bench: Bench) -> None:
    code, outcomes, _ = bench.work("O-shared:0", "O-shared:1")
    assert code == 0
    assert [(each["shard"], each["samples"]) for each in outcomes] == [(0, 20), (1, 20)]
    assert len(list(bench.out.rglob("commits/*/*.json"))) == 2
    assert list(bench.scratch.iterdir()) == []


def test_a_committed_shard_does_not_change(bench: Bench) -> None:
    bench.work("O-shared:0")
    before = read_tree(bench.out)
    code, outcomes, _ = bench.work("O-shared:0")
    assert code == 0
    assert outcomes[0]["already"]
    assert read_tree(bench.out) == before


def test_sigterm_ends_a_busy_worker_with_10_and_nothing_visible(tmp_path: Path, home: Path) -> None:
    run = {"generators": [{"name": "O-stuck", "samples": 20, "args": ["--armed"]}]}
    bench = make_bench(tmp_path, home, {}, extra=run)
    before = read_tree(bench.out)
    worker = bench.start("O-stuck:0", children=2)
    wait_until(lambda: len(psutil.Process(worker.pid).children(recursive=True)) >= 3, "children")
    children = psutil.Process(worker.pid).children(recursive=True)
    worker.send_signal(signal.SIGTERM)
    code, outcomes, err = finished(worker)
    assert (code, outcomes) == (10, [])
    assert "Traceback" not in err
    wait_until(lambda: not any(child.is_running() for child in children), "children ended", 5)
    assert read_tree(bench.out) == before
    assert list(bench.scratch.iterdir()) == []


def test_a_killed_worker_takes_its_children_with_it(tmp_path: Path, home: Path) -> None:
    run = {"generators": [{"name": "O-stuck", "samples": 20, "args": ["--armed"]}]}
    bench = make_bench(tmp_path, home, {}, extra=run)
    worker = bench.start("O-stuck:0", children=2)
    wait_until(lambda: len(psutil.Process(worker.pid).children(recursive=True)) >= 3, "children")
    children = psutil.Process(worker.pid).children(recursive=True)
    worker.kill()
    worker.communicate()
    wait_until(lambda: not any(child.is_running() for child in children), "children ended", 10)


def test_two_workers_on_one_shard_commit_it_once(bench: Bench) -> None:
    ended = [finished(worker) for worker in [bench.start("O-shared:0") for _ in range(2)]]
    assert [code for code, _, _ in ended] == [0, 0]
    assert not any(each["nondeterministic"] for _, outcomes, _ in ended for each in outcomes)
    assert len(list(bench.out.rglob("commits/*/*.json"))) == 1
    assert len(list(bench.out.rglob("*.tar"))) == 1


def test_other_bytes_at_a_shards_key_are_reported_and_kept(
    tmp_path: Path, home: Path, bench: Bench
) -> None:
    """An earlier attempt with other bytes died between its data and its marker."""
    other = make_bench(tmp_path / "other", home, {"O-shared": 40}, shard_size=20, extra={"seed": 7})
    other.work("O-shared:0")
    foreign = next(other.out.rglob("*.tar"))
    place = bench.out / foreign.relative_to(other.out)
    place.parent.mkdir(parents=True)
    shutil.copy(foreign, place)
    code, outcomes, _ = bench.work("O-shared:0")
    assert code == 0
    assert outcomes[0]["nondeterministic"]
    (record,) = bench.out.rglob("_vrdata/differences/O-shared/000000/*.json")
    assert place.as_posix().endswith("/" + json.loads(record.read_text())["object"])
    assert place.read_bytes() == foreign.read_bytes()


def test_another_plan_is_refused_with_40(bench: Bench) -> None:
    before = read_tree(bench.out)
    code, _, err = bench.work("O-shared:0", plan="sha256:" + "0" * 64)
    assert code == 40
    assert "plan" in err
    assert read_tree(bench.out) == before


def test_a_shard_that_the_plan_does_not_have_is_refused_with_40(bench: Bench) -> None:
    code, outcomes, _ = bench.work("O-shared:2")
    assert code == 40
    assert "no shard 2" in outcomes[0]["message"]


def test_a_generator_that_fails_is_20_with_the_sample(tmp_path: Path, home: Path) -> None:
    run = {"generators": [{"name": "O-failing", "samples": 20, "args": ["--armed"]}]}
    bench = make_bench(tmp_path, home, {}, extra=run)
    code, outcomes, _ = bench.work("O-failing:0")
    assert code == 20
    assert outcomes[0]["sample"] == 4
    assert "cannot paint sample 4" in outcomes[0]["message"]
    assert list(bench.out.rglob("failures/*/*/0.json")), "the failure is recorded in the store"


def test_peak_memory_of_1000_samples_is_that_of_50(tmp_path: Path, home: Path) -> None:
    """The repository's own run keeps 8 MiB more with each sample."""
    peaks = []
    for samples in (50, 1000):
        folder = tmp_path / str(samples)
        bench = make_bench(folder, home, {"O-growing": samples}, shard_size=samples)
        worker = bench.start("O-growing:0")
        supervisor = _peak_of(worker.pid)
        code, outcomes, _ = finished(worker)
        assert (code, outcomes[0]["samples"]) == (0, samples)
        peaks.append(supervisor + outcomes[0]["peakMemoryBytes"])
    # The records of a shard and its marker take 10 MiB more; they are there only for a moment.
    assert peaks[1] <= 1.15 * peaks[0], peaks


def _peak_of(pid: int) -> int:
    """Resident peak of a process in bytes, read until it ends (proc(5), VmHWM)."""
    status, peak = Path(f"/proc/{pid}/status"), 0
    while (found := re.search(r"VmHWM:\s+(\d+) kB", status.read_text())) is not None:
        peak = int(found.group(1)) * 1024
        time.sleep(0.02)
    return peak  # a process that has ended has no VmHWM and waits for its parent
