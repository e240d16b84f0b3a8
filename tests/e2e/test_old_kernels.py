"""On a kernel without Landlock, the level `python` is reported once, recorded and refusable."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from support.cli import vrdata, write_run
from support.services.old_kernel import LANDLOCK, RULES
from vrdata_generators.scaffold import scaffold

pytestmark = pytest.mark.slow
WHY = "the kernel has no Landlock"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def attempts(out: Path) -> list[Any]:
    """Facts of the attempts that committed the shards."""
    markers = sorted(out.rglob("commits/*/*.json"))
    return [json.loads(path.read_text().splitlines()[0])["attempt"] for path in markers]


def test_adding_and_running_warn_once_and_record_the_level(tmp_path: Path, home: Path) -> None:
    folder = tmp_path / "O-slide"
    folder.mkdir()
    for name, text in scaffold("O-slide", "O").items():
        (folder / name).write_text(text)
    added = vrdata("generators", "add", folder, "--home", home, "--no-proof", without=(LANDLOCK,))
    assert added.code == 0, added.err
    assert added.err.count(WHY) == 1
    (entry,) = json.loads((home / "catalogue.json").read_text())["generators"]
    assert entry["hermetic"]["level"] == "python"

    tested = vrdata("generators", "test", "O-slide", "-n", "1", "--home", home, without=(LANDLOCK,))
    assert (tested.code, tested.err.count(WHY)) == (0, 1), tested.err

    wanted = {"O-slide": 2, "O-sliding-tiles": 2}
    run = write_run(tmp_path / "run.yaml", wanted, shard_size=1, block_size=1)
    out = tmp_path / "out"
    command = ("run", run, "--local", "--out", out, "--generators", home, "-j", "2")
    ran = vrdata(*command, without=(LANDLOCK,))
    assert ran.code == 0, ran.err
    assert ran.err.count(WHY) == 1
    (warning,) = (line for line in ran.err.splitlines() if WHY in line)
    assert warning.startswith("warning: ")
    assert "read and write your files" in warning
    assert "Linux 5.13" in warning
    assert {one["hermetic"]["level"] for one in attempts(out)} == {"python"}
    dataset = json.loads((out / "default/demo/dataset.json").read_text())
    assert dataset["hermetic"] == {"kernel": 0, "python": 4, "landlock": [0]}
    assert "python (Landlock none)" in (out / "default/demo/report/index.html").read_text()
    assert vrdata("verify", out).code == 0


def test_a_run_that_continues_on_another_kernel_shows_both_levels(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run.yaml", {"O-sliding-tiles": 2}, shard_size=1, block_size=1)
    out = tmp_path / "out"
    command = ("run", run, "--local", "--out", out)
    assert vrdata(*command).code == 0
    folder = out / "default/demo"
    before = json.loads((folder / "dataset.json").read_text())
    assert before["hermetic"]["kernel"] == 2
    marker = sorted(folder.rglob("commits/*/*.json"))[1]
    for path in (marker, folder / "_SUCCESS", folder / "dataset.json"):
        path.unlink()
    assert vrdata(*command, without=(LANDLOCK,)).code == 0
    after = json.loads((folder / "dataset.json").read_text())
    assert (after["hermetic"]["kernel"], after["hermetic"]["python"]) == (1, 1)
    assert after["datasetHash"] == before["datasetHash"]


def test_a_profile_that_requires_the_kernel_refuses_before_anything_is_generated(
    tmp_path: Path,
) -> None:
    run = write_run(tmp_path / "run.yaml", {"O-sliding-tiles": 2}, shard_size=1, block_size=1)
    profile = tmp_path / "profile.yaml"
    profile.write_text(
        json.dumps(
            {
                "apiVersion": "vrdata.dev/v1alpha1",
                "kind": "GenerationProfile",
                "metadata": {"name": "default"},
                "spec": {"hermetic": "Kernel"},
            }
        )
    )
    out = tmp_path / "out"
    command = ("run", run, "--local", "--out", out, "--profile", profile, "--strict-local")
    refused = vrdata(*command, without=(LANDLOCK,))
    assert refused.code == 3
    assert refused.err.count("hermetic: Kernel") == 1
    assert WHY in refused.err
    assert "vrdata doctor" in refused.err
    assert "Traceback" not in refused.err
    assert attempts(out) == []
    records = [json.loads(path.read_text()) for path in out.rglob("_vrdata/failures/*/*/*.json")]
    assert {(one["reason"], one["exitCode"], one["attempt"]) for one in records} == {
        ("NotHermetic", 40, 0)
    }
    assert vrdata(*command).code == 0  # this kernel sandboxes generators


def test_a_run_goes_on_where_a_container_forbids_the_rules_of_landlock(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run.yaml", {"O-sliding-tiles": 1})
    ran = vrdata("run", run, "--local", "--out", tmp_path / "out", without=(RULES,))
    assert ran.code == 0, ran.err
    assert ran.err.count("Landlock cannot be used") == 1
    assert {one["hermetic"]["level"] for one in attempts(tmp_path / "out")} == {"python"}
