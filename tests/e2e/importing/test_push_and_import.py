"""A run that is pushed to a hub and imported from it has the same samples."""

from __future__ import annotations

from pathlib import Path

import pytest
from huggingface_hub import constants

from support.cli import called, write_run
from support.services.hub.fixture import hub  # noqa: F401 - fixture
from support.services.hub.server import TOKEN, Hub
from vrdata.dataset.commits import iter_commits, iter_records, read_head
from vrdata.dataset.discover import open_run
from vrdata.dataset.manifest import SampleRecord
from vrdata.store.file.store import FileStore

pytestmark = [
    pytest.mark.slow,
    # huggingface_hub itself sends bodies in a way that its HTTP library warns about.
    pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning"),
]


def contents(out: Path) -> list[str]:
    """The content hashes of a run's samples, sorted."""
    run = open_run(FileStore(out))
    records = (
        record
        for shard in iter_commits(run)
        for record in iter_records(run, read_head(run, *shard))
    )
    return sorted(record.content for record in records if isinstance(record, SampleRecord))


def test_the_content_hashes_of_a_pushed_and_imported_run_are_equal(
    hub: Hub,  # noqa: F811 - fixture
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    run_file = write_run(tmp_path / "run.yaml", {"O-sliding-tiles": 3, "G-pendulum": 2})
    assert called("run", run_file, "--local", "--out", tmp_path / "out").code == 0
    pushed = called("push", tmp_path / "out", "hf://lab/demo")
    assert pushed.code == 0, pushed.err
    arguments = ("--format", "webdataset", "--output", tmp_path / "back")
    back = called("import", "hf://lab/demo", *arguments)
    assert back.code == 0, back.out + back.err
    assert contents(tmp_path / "back") == contents(tmp_path / "out")
    assert len(contents(tmp_path / "back")) == 5
    assert called("verify", tmp_path / "back").code == 0
