"""Each object of a run, deleted or damaged while it runs and after its end, on a laptop.

Whatever happens to the objects, a run that says "succeeded" has stored every byte.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from chaos.audits.audit import Undisturbed, audit, undisturbed
from chaos.objects import Bucket
from chaos.schedule import Step
from support.cli import command, vrdata, write_run
from support.polling import wait_until
from support.services.sharing import shared_folder
from vrdata.store.opening import open_store

pytestmark = pytest.mark.slow

SHARDS = 8
KINDS = ("plan", "marker", "data object", "index", "dataset.json", "_SUCCESS")
DELETED = tuple(f"delete {kind}" for kind in KINDS)
HEALED = (*DELETED, "cut a data object")
NAMED = ("flip a bit", "cut marker")  # vrdata overwrites nothing: the user removes it first


def arguments(folder: Path) -> list[object]:
    """`vrdata run` of eight shards."""
    run = write_run(folder / "run.yaml", {"O-maze": 2 * SHARDS}, shard_size=2, block_size=2)
    return ["run", run, "--local", "--out", folder / "out", "--jobs", 2, "-o", "json"]


def bucket(folder: Path) -> Bucket:
    place = folder / "out/default/demo"
    return Bucket(open_store(str(place)), place)


def damage(run: Bucket, name: str) -> bool:
    """Do it to the last object of its kind."""
    last = Step(name, 0, 1)
    if name.startswith("delete "):
        return run.delete(name.removeprefix("delete "), last)
    if name == "cut marker":
        path = run.folder / run.keys("marker")[-1]
        os.truncate(path, path.stat().st_size * 2 // 3)
        return True
    return run.tear(last, flip=name == "flip a bit")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished run; tests copy it."""

    def fill(folder: Path) -> None:
        done = vrdata(*arguments(folder))
        assert done.code == 0, done.err

    return shared_folder(tmp_path_factory, "chaos-finished", fill)


@pytest.fixture(scope="module")
def calm(finished: Path) -> Undisturbed:
    return undisturbed(bucket(finished).store)


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Bucket:
    """A finished run of its own; a copy keeps the times of the objects."""
    shutil.copytree(finished / "out", tmp_path / "out")
    return bucket(tmp_path)


def must_be_whole(run: Bucket, calm: Undisturbed) -> None:
    found = audit(run.store, calm)
    assert found == [], [str(one) for one in found]


@pytest.mark.parametrize("name", HEALED)
def test_the_same_command_heals_a_finished_run(
    run: Bucket, calm: Undisturbed, tmp_path: Path, name: str
) -> None:
    assert damage(run, name)
    done = vrdata(*arguments(tmp_path))
    assert done.code == 0, done.err
    must_be_whole(run, calm)
    assert done.json["datasetHash"] == calm.dataset_hash


@pytest.mark.parametrize("name", [*HEALED, *NAMED])
def test_a_running_run_heals_what_is_deleted_or_says_that_it_has_not_succeeded(
    run: Bucket, calm: Undisturbed, tmp_path: Path, name: str
) -> None:
    """The run has outputs of an earlier end, and half of its shards are missing again."""
    for key in run.keys("marker")[: SHARDS // 2] + run.keys("data object")[: SHARDS // 2]:
        run.store.delete(key)
    process = subprocess.Popen(
        command(*arguments(tmp_path)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    wait_until(lambda: run.committed() > SHARDS // 2 or process.poll() is not None, "a shard", 120)
    assert process.poll() is None, process.communicate()
    done = damage(run, name)
    out, err = process.communicate(timeout=240)
    if process.returncode:
        assert "fix:" in err or '"fix": "' in out, err
        if name in NAMED:
            return
        again = vrdata(*arguments(tmp_path))
        assert again.code == 0, again.err
    assert done or name == "delete index", "nothing was there to delete"
    must_be_whole(run, calm)
