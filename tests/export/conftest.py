"""Finished runs to export."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from support.exports.runs import FORMATS, rich_run
from vrdata.store.file.store import FileStore


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A finished run in each format, which no test changes."""
    folder = tmp_path_factory.mktemp("runs")
    for name in FORMATS:
        rich_run(FileStore(folder / name), name)
    return {name: folder / name for name in FORMATS}


@pytest.fixture
def run(runs: dict[str, Path], tmp_path: Path) -> Path:
    """A finished run that a test may change."""
    return shutil.copytree(runs["webdataset"], tmp_path / "run")
