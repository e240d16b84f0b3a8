"""A repository with bad manners and items that give no good sample: added, then run."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.cli import Ran, vrdata
from support.pipelines import flip
from support.pipelines.traps import habits
from vrdata.errors import ExitCode

pytestmark = pytest.mark.slow

GOOD = 4
"""Items of the run that give a sample; each of the others fails in another way."""

MORE = 2
"""Samples of the run that have no item."""

ORIGIN = "https://me:a-token@example.org"
"""In the repository's configuration of git."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with the catalogue `home`; the pipeline is added."""
    folder = tmp_path_factory.mktemp("manners")
    habits.manners(folder / "repository")
    (folder / "repository" / ".git").mkdir()
    (folder / "repository" / ".git" / "config").write_text(f"url = {ORIGIN}")
    flip.write_pictures(folder / "pictures", 4)
    flip.write_clip(folder / "pictures" / "clip.mp4")
    (folder / "pictures" / "001.png").rename(folder / "pictures" / "001-part.png")
    source = f"{folder / 'pictures'}=raw"
    added = run(folder, "generators", "add", "repository", "--name", "M-loop", "--source", source)
    assert added.code == 0, added.err
    assert "converts raw data in slices" in added.out
    assert "loop_00000001 lacks final_frame.png" in added.out + added.err
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def run(folder: Path, *arguments: object) -> Ran:
    return vrdata(*arguments, cwd=folder, VRDATA_GENERATORS=str(folder / "home"))


@pytest.fixture(scope="module")
def stems() -> list[str]:
    """The names of the items' files, without suffix."""
    kinds = [f"{number:03d}-{kind}" for number, kind in enumerate(habits.KINDS, start=1)]
    return ["000", *kinds, *(f"{len(kinds) + number:03d}" for number in range(1, GOOD))]


@pytest.fixture(scope="module")
def out(home: Path, stems: list[str]) -> Path:
    """The output of a run over all kinds of items."""
    flip.write_pictures(home / "others", len(stems))
    flip.write_clip(home / "others" / "clip.mp4")
    for number, stem in enumerate(stems):
        (home / "others" / f"{number:03d}.png").rename(home / "others" / f"{stem}.png")
    spec = {
        "shardSize": 4,
        "output": {"format": "files"},
        "failurePolicy": {"maxFailedSamples": len(habits.KINDS) + MORE},
        "generators": [
            {
                "name": "M-loop",
                "blockSize": 2,
                "samples": len(stems) + MORE,
                "sources": [{"place": "raw", "url": str(home / "others")}],
            }
        ],
    }
    about = {"apiVersion": "vrdata.dev/v1alpha1", "kind": "GenerationRun"}
    document = {**about, "metadata": {"name": "others"}, "spec": spec}
    (home / "run.json").write_text(json.dumps(document))
    done = run(home, "run", "run.json", "--local", "--out", "out")
    assert done.code == ExitCode.PARTIAL, done.err
    return home / "out" / "default" / "others"


def test_each_item_without_a_good_sample_is_a_failure_with_its_own_reason(out: Path) -> None:
    found = json.loads((out / "dataset.json").read_text())
    assert (found["samples"], found["failedSamples"]) == (GOOD, len(habits.KINDS) + MORE)
    assert found["failures"] == {
        "BadMetadata": 1,
        "GeneratorCrashed": 1,
        "GeneratorFailed": 1,
        "InvalidItem": 1,
        "MissingFile": 1,
        "PngTruncated": 1,
        "SkippedItem": 2,
        "UnderProduction": MORE,
        "VideoUndecodable": 1,
    }


def test_each_record_names_the_item_with_the_index_of_its_sample(
    out: Path, stems: list[str]
) -> None:
    markers = sorted((out / "_vrdata" / "commits").rglob("*.json"))
    lines = [line for path in markers for line in path.read_text().splitlines()[1:]]
    records = [json.loads(line) for line in lines]
    assert [record["index"] for record in records] == list(range(len(stems) + MORE))
    for record, stem in zip(records, stems, strict=False):
        item = f"raw/{stem}.png"
        if record["kind"] == "Sample":
            assert record["item"] == item
        elif record["reason"] != "GeneratorCrashed":  # its process could not say
            assert record["message"].startswith(f"{item}: ")


def test_samples_have_no_path_and_no_token_of_the_machine(home: Path, out: Path) -> None:
    stored = [path.read_text() for path in out.rglob("metadata.json")]
    assert len(stored) == GOOD
    assert not [text for text in stored if str(home) in text or "/tmp" in text or ORIGIN in text]
