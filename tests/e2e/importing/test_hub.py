"""`vrdata import` of datasets of the Hub, end to end."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from support.cli import Ran, command, vrdata
from support.datasets.puzzles import puzzles, write_puzzles
from support.polling import wait_until
from support.services.hub.fixture import hub_environment
from support.services.hub.server import Hub, running_hub

pytestmark = pytest.mark.slow

NAME = "OpenMOSS-Team/VideoThinkBench"
FOLDER = "Vision-Centric_Reasoning"
CONFIGS = {"Eyeballing_Puzzles": 5, "Visual_Puzzles": 4, "ARC_AGI_2": 3, "Mazes": 12}
GROUP = 3
FOOTERS = 3 * 2**16  # bytes of the reads that find the row groups and the columns
SPLIT = "- config_name: {0}\n  data_files:\n  - split: test\n    path: {1}/{0}.parquet\n"
CARD = "---\nlicense: mit\nconfigs:\n" + "".join(SPLIT.format(name, FOLDER) for name in CONFIGS)


def table(config: str, rows: int, *, size: int = 48) -> bytes:
    body = io.BytesIO()
    write_puzzles(body, puzzles(rows, task=config.lower(), size=size), group=GROUP)
    return body.getvalue()


def files(**rows: int) -> dict[str, bytes]:
    """The files of a commit with a given number of rows in each configuration."""
    tables = {f"{FOLDER}/{name}.parquet": table(name, count) for name, count in rows.items()}
    return tables | {"README.md": f"{CARD}---\n".encode()}


@pytest.fixture
def hub() -> Iterator[Hub]:
    with running_hub() as running:
        running.create(NAME, files(**CONFIGS))
        yield running


def imported(hub: Hub, folder: Path, *arguments: object, name: str = "videothinkbench") -> Ran:
    out = folder / "data/questions"
    environment = hub_environment(hub, folder / "hf") | {"HF_TOKEN": ""}
    return vrdata("import", name, *arguments, "--output", out, "-o", "json", **environment)


def ids(folder: Path) -> list[str]:
    found = (folder / "data/questions").glob("*_task/*")
    return sorted((path.name for path in found), key=lambda name: name.rpartition("_")[2])


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Ran]]:
    """An undisturbed import of the first commit, and its folder."""
    folder = tmp_path_factory.mktemp("whole")
    with running_hub() as running:
        running.create(NAME, files(**CONFIGS))
        yield folder, imported(running, folder, "--split", "test")


def test_all_configurations_are_imported_and_numbered_in_their_order(
    hub: Hub, whole: tuple[Path, Ran]
) -> None:
    folder, ran = whole
    assert ran.code == 0, ran.err
    assert ids(folder) == [f"vtb_test_{number:05d}" for number in range(24)]
    assert ran.json["domains"] == {f"{name.lower()}_task": rows for name, rows in CONFIGS.items()}
    out = folder / "data/questions"
    assert (out / "mazes_task/vtb_test_00012/first_frame.png").exists()
    revision = hub.repositories[NAME].find("main")
    parameters = json.loads((out / "processing_parameters.json").read_text())
    assert parameters["revision"] == revision
    assert parameters["configs"] == list(CONFIGS)
    assert f"revision: {revision}\n" in (out / "dataset_info.txt").read_text()
    assert vrdata("verify", out, "-o", "json").json["datasetHash"] == ran.json["datasetHash"]


def test_a_limit_fetches_only_the_row_groups_that_it_needs(hub: Hub, tmp_path: Path) -> None:
    size = 300  # so large that a footer is a small part of a file
    large = table("Mazes", 100, size=size)
    hub.repositories[NAME].commit({f"{FOLDER}/Mazes.parquet": large})
    ran = imported(hub, tmp_path, "--config", "Mazes", "--limit", 4)
    assert ran.json["samples"] == 4
    assert ids(tmp_path) == [f"vtb_test_{number:05d}" for number in range(4)]
    groups = pq.ParquetFile(io.BytesIO(large)).metadata
    first_two = sum(
        groups.row_group(group).column(column).total_compressed_size
        for group in range(2)
        for column in range(groups.num_columns)
    )
    fetched = hub.sent(f"{FOLDER}/Mazes.parquet")
    assert first_two < fetched < first_two + FOOTERS
    assert fetched < len(large) / 2


def test_a_limit_goes_to_the_configurations_in_their_order(hub: Hub, tmp_path: Path) -> None:
    ran = imported(hub, tmp_path, "--limit", 7)
    assert ids(tmp_path) == [f"vtb_test_{number:05d}" for number in range(7)]
    assert ran.json["domains"] == {"eyeballing_puzzles_task": 5, "visual_puzzles_task": 2}


def _kill_after(stored_object: str, hub: Hub, folder: Path) -> None:
    """Begin or continue an import, and kill it when an object of its run is stored."""

    def is_time() -> bool:
        found = folder.glob(f"data/.vrdata/questions/runs/default/*/_vrdata/{stored_object}")
        return killed.poll() is not None or any(found)

    words = command("import", "videothinkbench", "--output", folder / "data/questions", "--jobs", 1)
    environment = os.environ | hub_environment(hub, folder / "hf")
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(words, env=environment, start_new_session=True, **quiet) as killed:
        wait_until(is_time, stored_object)
        killed.send_signal(signal.SIGKILL)
    assert killed.returncode == -signal.SIGKILL


def test_an_import_that_is_killed_twice_keeps_its_commit_and_has_the_hash_of_an_undisturbed_one(
    hub: Hub, whole: tuple[Path, Ran], tmp_path: Path
) -> None:
    first = hub.repositories[NAME].find("main")
    _kill_after("plan.json", hub, tmp_path)
    hub.repositories[NAME].commit(files(**dict.fromkeys(CONFIGS, 2)))
    assert hub.repositories[NAME].find("main") != first
    _kill_after("commits/*/*.json", hub, tmp_path)
    ran = imported(hub, tmp_path)
    assert ran.code == 0, ran.err
    assert ran.json["revision"] == first
    assert ran.json["datasetHash"] == whole[1].json["datasetHash"]
    assert vrdata("verify", tmp_path / "data/questions").code == 0
