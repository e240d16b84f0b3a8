"""A repository that converts pictures: added once, then run on this machine."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.cli import Ran, kill_when, vrdata
from support.pipelines import flip
from vrdata.errors import ExitCode

pytestmark = pytest.mark.slow

PICTURES = 12
BLACK, WHITE = 3, 6
"""Skipped by the repository; ends its process."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with the catalogue `home` and the pictures; the pipeline is added."""
    folder = tmp_path_factory.mktemp("flip")
    flip.write_pictures(folder / "pictures", 8)
    flip.write_repository(folder / "repository")
    added = run(folder, "generators", "add", "repository", "--name", "M-flip", *source(folder))
    assert added.code == 0, added.err
    assert "converts raw data in slices" in added.out
    flip.write_pictures(folder / "others", PICTURES, black=(BLACK,), white=(WHITE,))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def source(folder: Path) -> tuple[str, str]:
    return "--source", f"{folder / 'pictures'}=raw"


def run(folder: Path, *arguments: object) -> Ran:
    return vrdata(*arguments, cwd=folder, VRDATA_GENERATORS=str(folder / "home"))


def write_run(folder: Path, name: str, **selection: object) -> Path:
    spec = {
        "shardSize": 4,
        "failurePolicy": {"maxFailedSamples": 2},
        "generators": [{"name": "M-flip", "blockSize": 2, **selection}],
    }
    about = {"apiVersion": "vrdata.dev/v1alpha1", "kind": "GenerationRun"}
    path = folder / f"{name}.json"
    path.write_text(json.dumps({**about, "metadata": {"name": name}, "spec": spec}))
    return path


def dataset(folder: Path, out: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        (folder / out / "default" / name / "dataset.json").read_text()
    )
    return found


def attempts(folder: Path, out: str, name: str) -> list[int]:
    """The number of the attempt that committed each shard."""
    markers = (folder / out / "default" / name / "_vrdata/commits").glob("*/*.json")
    lines = [one.read_text().partition("\n")[0] for one in sorted(markers)]
    return [json.loads(line)["attempt"]["number"] for line in lines]


def test_a_run_has_all_items_of_the_source_that_the_pipeline_was_added_with(home: Path) -> None:
    done = run(home, "run", write_run(home, "all"), "--local", "--out", "all-out")
    assert done.code == 0, done.err
    assert dataset(home, "all-out", "all")["samples"] == 8
    assert run(home, "verify", "all-out").code == 0


def test_an_item_that_is_skipped_and_one_that_ends_the_process_cost_one_sample_each(
    home: Path,
) -> None:
    others = [{"place": "raw", "url": str(home / "others")}]
    path = write_run(home, "others", samples=PICTURES, sources=others)
    done = run(home, "run", path, "--local", "--out", "others-out")
    assert done.code == ExitCode.PARTIAL, done.err
    found = dataset(home, "others-out", "others")
    assert (found["samples"], found["failedSamples"]) == (PICTURES - 2, 2)
    assert found["failures"] == {"GeneratorCrashed": 1, "SkippedItem": 1}
    assert attempts(home, "others-out", "others")[0] == 0  # a skipped item is not retried
    groups = json.dumps(found["failureGroups"])
    assert f"[skip] {BLACK:03d}.png: black" in groups


def test_a_killed_run_goes_on_to_the_same_bytes(home: Path) -> None:
    others = [{"place": "raw", "url": str(home / "others")}]
    path = write_run(home, "killed", samples=PICTURES, sources=others)
    command = ("run", path, "--local", "--out", home / "killed-out")
    kill_when(
        lambda: any((home / "killed-out").rglob("commits/*/*.json")),
        *command,
        VRDATA_GENERATORS=str(home / "home"),
    )
    assert run(home, *command).code == ExitCode.PARTIAL
    undisturbed = ("run", path, "--local", "--out", "undisturbed")
    assert run(home, *undisturbed).code == ExitCode.PARTIAL
    hashes = {dataset(home, out, "killed")["datasetHash"] for out in ("killed-out", "undisturbed")}
    assert len(hashes) == 1


def test_a_place_that_the_pipeline_does_not_have_is_refused(home: Path) -> None:
    path = write_run(home, "wrong", samples=2, sources=[{"place": "data", "url": "pictures"}])
    done = run(home, "run", path, "--local", "--out", "wrong-out")
    assert done.code == ExitCode.INVALID, done.err
    assert "M-flip has no place data" in done.err
    assert not (home / "wrong-out").exists()


def test_other_sources_of_a_pipeline_that_was_added_need_replace(home: Path) -> None:
    again = ("generators", "add", "repository", "--name", "M-flip")
    same = run(home, *again, *source(home))
    assert (same.code, "already added" in same.out) == (0, True)
    other = run(home, *again, "--source", f"{home / 'others'}=raw")
    assert other.code == ExitCode.INVALID
    assert "other sources" in other.err


def test_a_pipeline_of_the_catalogue_can_be_tested(home: Path) -> None:
    done = run(home, "generators", "test", "M-flip", "--samples", "2", "-o", "json")
    assert done.code == 0, done.err
    assert [(one["passed"], one["samples"]) for one in done.json] == [(True, 2)]
