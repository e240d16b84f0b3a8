"""The oldest supported version of `datasets` reads each stage as the newest one does."""

from __future__ import annotations

import json
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

import datasets
import pyarrow as pa
import pytest

from support.desktop.sequences import demo_sequences
from vrdata.desktop.tables.reading import open_splits

pytestmark = pytest.mark.slow

STAGES = ("events", "bins", "sequences")
OLDEST = ("datasets==3.0.0", "pyarrow==18.0.0")
"""The lower limits in pyproject.toml."""
LOADING = """
import json, sys
import datasets

found = {"version": datasets.__version__}
for folder in sys.argv[1:]:
    train = datasets.load_from_disk(folder)["train"]
    rows = [train[number] for number in range(len(train))]
    array = train.with_format("numpy")[0]
    found[folder] = {
        "rows": [repr(row) for row in rows],
        "columns": list(train.features),
        "selected": repr(train.select([len(train) - 1])[0]),
        "numpy": sorted(array),
        "batch": repr(train[:2]),
        "fingerprint": train._fingerprint,
    }
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The datasets of all stages."""
    path = tmp_path_factory.mktemp("stages")
    demo_sequences(path)
    return path


def loaded(python: str, folder: Path) -> dict[str, Any]:
    """What the `datasets` of an interpreter reads."""
    folders = [str(folder / name) for name in STAGES]
    done = subprocess.run(
        [python, "-c", LOADING, *folders],
        capture_output=True, check=False, text=True, timeout=120, cwd=folder,
        env={"HF_HUB_OFFLINE": "1", "HF_HOME": str(folder / "home"), "PATH": ""},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_the_oldest_datasets_reads_the_rows_of_every_stage(folder: Path, tmp_path: Path) -> None:
    home = tmp_path / "oldest"
    venv.create(home, with_pip=True)
    python = str(home / "bin/python")
    subprocess.run([python, "-m", "pip", "install", "-q", *OLDEST], check=True, timeout=600)
    oldest, newest = loaded(python, folder), loaded(sys.executable, folder)
    assert oldest.pop("version") == "3.0.0"
    assert newest.pop("version") == datasets.__version__
    assert oldest == newest
    for name in STAGES:
        (split, *_) = open_splits(folder / name, pa.schema([]))
        ours = [row for batch in split.batches() for row in batch.to_pylist()]
        assert oldest[str(folder / name)]["rows"] == [repr(row) for row in ours]
        assert oldest[str(folder / name)]["columns"] == split.schema.names


def test_the_lower_limits_are_those_that_are_tested() -> None:
    text = (Path(__file__).parents[3] / "pyproject.toml").read_text()
    assert '"datasets>=3",' in text
    assert text.count('"pyarrow>=18"') == 4
