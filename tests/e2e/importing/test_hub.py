"""`vrdata import` of a dataset of the Hub, end to end.

`python -m benchmarks import-5000` does the same with 5000 rows.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.cli import Ran, kill_when, vrdata
from support.services.hub.fixture import hub_environment
from support.services.hub.server import Hub, running_hub
from support.sources.benchset import CONFIGS, NAME, bench_files, fetched_groups

pytestmark = pytest.mark.slow

ROWS = dict(zip(CONFIGS, (5, 4, 3, 12), strict=True))


@pytest.fixture(scope="module")
def hub() -> Iterator[Hub]:
    with running_hub() as running:
        running.create(NAME, bench_files(ROWS, group=3))
        yield running


def imported(hub: Hub, folder: Path, *arguments: object, name: str = "videothinkbench") -> Ran:
    out = folder / "data/questions"
    environment = hub_environment(hub, folder / "hf") | {"HF_TOKEN": ""}
    return vrdata("import", name, *arguments, "--output", out, "-o", "json", **environment)


def ids(folder: Path) -> list[str]:
    found = (folder / "data/questions").glob("*_task/*")
    return sorted((path.name for path in found), key=lambda name: name.rpartition("_")[2])


@pytest.fixture(scope="module")
def whole(hub: Hub, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ran]:
    """An undisturbed import, and its folder."""
    folder = tmp_path_factory.mktemp("whole")
    return folder, imported(hub, folder, "--split", "test")


def test_all_configurations_are_imported_and_numbered_in_their_order(
    hub: Hub, whole: tuple[Path, Ran]
) -> None:
    folder, ran = whole
    assert ran.code == 0, ran.err
    assert ids(folder) == [f"vtb_test_{number:05d}" for number in range(24)]
    assert ran.json["domains"] == {f"{name.lower()}_task": rows for name, rows in ROWS.items()}
    out = folder / "data/questions"
    assert (out / "mazes_task/vtb_test_00012/first_frame.png").exists()
    revision = hub.repositories[NAME].find("main")
    parameters = json.loads((out / "processing_parameters.json").read_text())
    assert parameters["revision"] == revision
    assert parameters["configs"] == list(CONFIGS)
    assert f"revision: {revision}\n" in (out / "dataset_info.txt").read_text()
    assert vrdata("verify", out, "-o", "json").json["datasetHash"] == ran.json["datasetHash"]


def test_a_limit_fetches_only_the_row_groups_that_it_needs(hub: Hub, tmp_path: Path) -> None:
    repository = hub.repositories[NAME]
    first = repository.branches["main"]
    repository.commit(bench_files({"Mazes": 100}, group=3, size=300))  # a footer is a small part
    hub.requests.clear()
    ran = imported(hub, tmp_path, "--config", "Mazes", "--limit", 4)
    groups = fetched_groups(hub, "Mazes")
    repository.branches["main"] = first
    assert ran.json["samples"] == 4
    assert ids(tmp_path) == [f"vtb_test_{number:05d}" for number in range(4)]
    assert groups == {0, 1}


def test_a_limit_goes_to_the_configurations_in_their_order(hub: Hub, tmp_path: Path) -> None:
    ran = imported(hub, tmp_path, "--limit", 7)
    assert ids(tmp_path) == [f"vtb_test_{number:05d}" for number in range(7)]
    assert ran.json["domains"] == {"eyeballing_puzzles_task": 5, "visual_puzzles_task": 2}


def test_an_import_that_is_killed_twice_keeps_its_commit_and_has_the_hash_of_an_undisturbed_one(
    hub: Hub, whole: tuple[Path, Ran], tmp_path: Path
) -> None:
    repository, out = hub.repositories[NAME], tmp_path / "data/questions"
    first = repository.branches["main"]
    words = ("import", "videothinkbench", "--output", out, "--jobs", 1)
    environment = hub_environment(hub, tmp_path / "hf")
    stored = tmp_path / "data/.vrdata/questions/runs/default"
    kill_when(lambda: any(stored.glob("*/_vrdata/plan.json")), *words, **environment)
    repository.commit(bench_files(dict.fromkeys(CONFIGS, 2), group=3))
    assert repository.branches["main"] != first
    kill_when(lambda: any(stored.glob("*/_vrdata/commits/*/*.json")), *words, **environment)
    ran = imported(hub, tmp_path)
    repository.branches["main"] = first  # for the other tests
    assert ran.code == 0, ran.err
    assert ran.json["revision"] == first
    assert ran.json["datasetHash"] == whole[1].json["datasetHash"]
    assert vrdata("verify", out).code == 0
