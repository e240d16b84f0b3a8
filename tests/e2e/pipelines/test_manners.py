"""A repository with bad manners and items that give no good sample: added, then run."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.cli import Ran, vrdata
from support.pipelines import flip
from support.pipelines.traps import loops
from vrdata.errors import ExitCode

pytestmark = pytest.mark.slow

GOOD = 4
"""Items of the run that give a sample; each of the others fails in another way."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with the catalogue `home`; the pipeline is added."""
    folder = tmp_path_factory.mktemp("manners")
    loops.manners(folder / "repository")
    flip.write_pictures(folder / "pictures", 4)
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


def test_each_item_without_a_good_sample_is_a_failure_with_its_own_reason(home: Path) -> None:
    flip.write_pictures(home / "others", GOOD + len(loops.KINDS))
    for number, kind in enumerate(loops.KINDS, start=1):
        name = f"{number:03d}"
        (home / "others" / f"{name}.png").rename(home / "others" / f"{name}-{kind}.png")
    spec = {
        "shardSize": 4,
        "output": {"format": "files"},
        "failurePolicy": {"maxFailedSamples": len(loops.KINDS)},
        "generators": [
            {
                "name": "M-loop",
                "blockSize": 2,
                "samples": GOOD + len(loops.KINDS),
                "sources": [{"place": "raw", "url": str(home / "others")}],
            }
        ],
    }
    about = {"apiVersion": "vrdata.dev/v1alpha1", "kind": "GenerationRun"}
    (home / "run.json").write_text(
        json.dumps({**about, "metadata": {"name": "others"}, "spec": spec})
    )
    done = run(home, "run", "run.json", "--local", "--out", "out")
    assert done.code == ExitCode.PARTIAL, done.err
    found = json.loads((home / "out" / "default" / "others" / "dataset.json").read_text())
    assert (found["samples"], found["failedSamples"]) == (GOOD, len(loops.KINDS))
    assert found["failures"] == {
        "BadMetadata": 1,
        "GeneratorFailed": 1,
        "InvalidItem": 1,
        "MissingFile": 1,
        "SkippedItem": 2,
    }
    stored = [path.read_text() for path in (home / "out").rglob("metadata.json")]
    assert len(stored) == GOOD
    assert not [text for text in stored if str(home) in text or "/tmp" in text]
