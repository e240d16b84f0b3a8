"""`make clean` removes only what `make` created."""

import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_clean_removes_the_demo_dataset_and_keeps_the_run_file(tmp_path: Path) -> None:
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / "demo.yaml").write_text("edited: by its user\n")
    (tmp_path / "demo-out").mkdir()
    (tmp_path / "notes.txt").write_text("x")
    subprocess.run(["make", "clean"], cwd=tmp_path, check=True, capture_output=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "Makefile",
        "demo.yaml",
        "notes.txt",
    ]
