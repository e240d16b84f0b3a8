"""The same run gives the same dataset, however it is split, distributed or interrupted."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from support.cli import called, command, vrdata, write_run
from support.generators import traps
from support.generators.trap_bodies import DETERMINISTIC
from support.generators.traps import add_traps
from support.polling import wait_until

pytestmark = pytest.mark.slow

SAMPLES = 25  # two blocks of 10, and half a block
GENERATORS = {f"O-{trap}": SAMPLES for trap in DETERMINISTIC}
FEW = {"O-shared": 45, "O-unseeded": 45, "O-hashed": 45}
BLOCK = 10


def hash_of(out: Path) -> str:
    """The dataset hash that `vrdata verify` finds."""
    checked = called("verify", out, "-o", "json")
    assert checked.code == 0, checked.out + checked.err
    return str(checked.json["datasetHash"])


def generate(
    folder: Path, home: Path, shard_size: int, jobs: int, generators: dict[str, int]
) -> str:
    """Generate the run below `folder`; returns its dataset hash."""
    run = write_run(folder / "run.yaml", generators, shard_size=shard_size)
    out = folder / "out"
    ran = vrdata("run", run, "--local", "--out", out, "--generators", home, "--jobs", jobs)
    assert ran.code == 0, ran.err
    return hash_of(out)


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory, traps_home: Path) -> str:
    """The dataset hash of the run that one worker generates as one shard."""
    return generate(tmp_path_factory.mktemp("reference"), traps_home, SAMPLES, 1, GENERATORS)


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory, traps_home: Path) -> str:
    """The same of the run of FEW."""
    return generate(tmp_path_factory.mktemp("few"), traps_home, 5 * BLOCK, 1, FEW)


@pytest.mark.parametrize("shard_size", [BLOCK, 2 * BLOCK])
def test_shard_size_and_jobs_do_not_change_the_dataset(
    tmp_path: Path, traps_home: Path, reference: str, shard_size: int
) -> None:
    assert generate(tmp_path, traps_home, shard_size, 2, GENERATORS) == reference


def test_two_children_of_one_shard_generate_the_bytes_of_one_child(
    tmp_path: Path, traps_home: Path
) -> None:
    one = generate(tmp_path / "one", traps_home, SAMPLES, 1, {"O-unseeded": SAMPLES})
    two = generate(tmp_path / "two", traps_home, SAMPLES, 2, {"O-unseeded": SAMPLES})
    assert one == two


def test_the_path_of_the_scratch_folder_does_not_change_the_dataset(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    says_where = traps.WRITER.replace(
        '"colour": pair', '"at": str(target.resolve()), "colour": pair'
    )
    assert says_where != traps.WRITER
    monkeypatch.setattr(traps, "WRITER", says_where)
    home = traps.add_traps(tmp_path / "traps", "shared")
    run = write_run(tmp_path / "run.yaml", {"O-shared": 2})
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    runs = [
        vrdata(*("run", run, "--local", "--out", tmp_path / out, "--generators", home), *place)
        for out, place in (("one", ()), ("two", ("--scratch", tmp_path / "link")))
    ]
    assert [ran.code for ran in runs] == [0, 0], runs
    assert hash_of(tmp_path / "one") == hash_of(tmp_path / "two")


def test_a_killed_run_continues_to_the_same_dataset(
    tmp_path: Path, traps_home: Path, few: str
) -> None:
    run = write_run(tmp_path / "run.yaml", FEW, shard_size=BLOCK)
    out = tmp_path / "out"
    arguments = ("run", run, "--local", "--out", out, "--generators", traps_home, "--jobs", 2)
    for committed in (3, 8):
        _kill_when(arguments, out, committed)
    before = {path: path.stat().st_mtime_ns for path in _markers(out)}
    ran = vrdata(*arguments, "-o", "json")
    assert ran.code == 0, ran.err
    assert hash_of(out) == few
    assert len(before) >= 8
    assert all(path.stat().st_mtime_ns == before[path] for path in before), "generated again"


def test_another_copy_of_the_generators_gives_the_same_dataset(tmp_path: Path, few: str) -> None:
    traps = (name.removeprefix("O-") for name in FEW)
    home = add_traps(tmp_path / "elsewhere" / "deep", *traps)
    assert generate(tmp_path, home, 2 * BLOCK, 2, FEW) == few


def test_another_seed_gives_another_dataset(tmp_path: Path, traps_home: Path, few: str) -> None:
    run = write_run(tmp_path / "run.yaml", FEW, extra={"seed": 43})
    out = tmp_path / "out"
    ran = vrdata("run", run, "--local", "--out", out, "--generators", traps_home)
    assert ran.code == 0, ran.err
    assert hash_of(out) != few


def test_a_generator_without_a_seed_flag_is_refused_unless_the_run_allows_it(
    tmp_path: Path, traps_home: Path
) -> None:
    run = write_run(tmp_path / "run.yaml", {"O-seedless": 10})
    arguments = ("run", run, "--local", "--out", tmp_path / "out", "--generators", traps_home)
    refused = vrdata(*arguments)
    assert refused.code == 3
    assert "O-seedless" in refused.err
    assert not (tmp_path / "out").exists()
    write_run(run, {"O-seedless": 10}, extra={"allowNondeterministic": True})
    assert vrdata(*arguments).code == 0


def _kill_when(arguments: tuple[object, ...], out: Path, committed: int) -> None:
    """Start the command; kill -9 it when so many shards are committed."""
    process = subprocess.Popen(
        command(*arguments), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        wait_until(lambda: len(_markers(out)) >= committed, "commit markers", seconds=120)
        assert process.poll() is None, "the run ended before it could be killed"
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()


def _markers(out: Path) -> list[Path]:
    return list(out.glob("default/demo/_vrdata/commits/*/*.json"))
