"""A repository with other names than the usual ones, from `generators add` to `verify`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from support.cli import vrdata, write_run
from support.generators.commands import printed, run
from support.generators.repositories import RunningInterpreter
from support.markers import samples_of
from support.repositories.multistep import BESIDE, FILES, NAME, write_multistep
from vrdata.dataset.commits import iter_commits, read_head
from vrdata.store.file.store import FileStore
from vrdata_generators.adapter.environment import venv

pytestmark = pytest.mark.slow

FORMATS = ("webdataset", "tar", "files", "parquet")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without generators."""
    monkeypatch.setattr(venv, "VenvBuilder", lambda _folder: RunningInterpreter())
    monkeypatch.setenv("VRDATA_GENERATORS", str(tmp_path / "home"))
    return tmp_path / "home"


def generated(folder: Path, home: Path, form: str) -> Path:
    """Generate six samples in two shards; the folder of the run."""
    run_file = write_run(
        folder / "run.yaml",
        {"Multi_*": 6},
        shard_size=4,
        output_format=form,
    )
    out = folder / "out"
    ran = vrdata("run", run_file, "--local", "--out", out, "--generators", home, "--jobs", 1)
    assert ran.code == 0, ran.err
    return out / "default" / "demo"


def test_its_samples_go_through_every_format(tmp_path: Path, home: Path) -> None:
    repository = write_multistep(tmp_path)
    (added,) = printed("add", repository, "--class", "G", "--no-proof", "-o", "json")
    assert (added["name"], added["entry"]["class"]) == (NAME, "G")
    assert added["entry"]["domain"] == NAME
    (warning,) = [text for text in added["warnings"] if "beside the sample folders" in text]
    assert "4 files" in warning
    assert any(name in warning for name in BESIDE)

    hashes = set()
    for form in FORMATS:
        root = generated(tmp_path / form, home, form)
        checked = vrdata("verify", root, "-o", "json")
        assert checked.code == 0, checked.out
        assert checked.json["files"] == dict.fromkeys(FILES, 6)
        hashes.add(checked.json["datasetHash"])
        assert (root / "report/index.html").exists()
        assert (root / f"index/{NAME}.parquet").exists()
        if form == "files":
            check_metadata(root)
    assert len(hashes) == 1


def check_metadata(root: Path) -> None:
    """The metadata of each sample is that of the repository, from a file with another name."""
    store = FileStore(root)
    manifests = [read_head(store, *shard) for shard in iter_commits(store)]
    samples = [one for manifest in manifests for one in samples_of(store, manifest)]
    assert [one.id for one in samples] == [f"{NAME}_{index:08d}" for index in range(6)]
    for number, one in enumerate(samples, start=1):
        folder = root / "questions" / NAME / f"{NAME}_task" / one.id
        metadata = json.loads((folder / "metadata.json").read_text())
        own: dict[str, Any] = json.loads(metadata["generator_metadata"])
        assert own == json.loads((folder / "question_metadata.json.txt").read_text())
        assert own["question_id"] == f"{NAME}_{number:05d}"


def test_without_a_class_the_error_proposes_one_that_is_accepted(
    tmp_path: Path, home: Path
) -> None:
    repository = write_multistep(tmp_path)
    refused = run("add", repository, "--no-proof")
    assert refused.exit_code == 3
    assert "--class G" in refused.stderr
    assert not (home / "catalogue.json").exists() or not printed("catalog")["generators"]
    listed = tmp_path / "list.txt"
    listed.write_text(f"{repository} - class=G\n")
    assert run("add", "--from", listed, "--no-proof").exit_code == 0
    assert run("add", repository, "--no-proof").exit_code == 0  # the class is known now
