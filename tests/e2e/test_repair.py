"""The same command restores lost data of a finished run."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from support.cli import vrdata, write_run
from support.generators.traps import add_traps
from vrdata.dataset import layout

pytestmark = pytest.mark.slow

FORMATS = ("webdataset", "files", "parquet")


def _data(run: Path) -> list[Path]:
    folders = [run / name for name in layout.DATA]
    return sorted(path for folder in folders for path in folder.rglob("*") if path.is_file())


def _truncate(run: Path) -> None:
    path = max(_data(run), key=lambda file: file.stat().st_size)
    path.chmod(0o644)
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)


def _delete_index(run: Path) -> None:
    paths = list((run / layout.INDEX).rglob("*.parquet"))
    assert paths
    for path in paths:
        path.unlink()


def _flip(run: Path) -> None:
    path = max(_data(run), key=lambda file: file.stat().st_size)
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 1
    path.unlink()
    path.write_bytes(body)


DAMAGE: dict[str, Callable[[Path], object]] = {
    "data-deleted": lambda run: _data(run)[0].unlink(),
    "data-truncated": _truncate,
    "data-flipped": _flip,
    "marker-deleted": lambda run: (run / "_vrdata/commits/O-shared/000001.json").unlink(),
    "plan-deleted": lambda run: (run / "_vrdata/plan.json").unlink(),
    "index-deleted": _delete_index,
    "success-deleted": lambda run: (run / "_SUCCESS").unlink(),
    "summary-deleted": lambda run: (run / "dataset.json").unlink(),
    "report-deleted": lambda run: (run / "report/index.html").unlink(),
}


@pytest.mark.parametrize("output_format", FORMATS)
def test_the_same_command_restores_lost_data_of_a_finished_run(
    tmp_path: Path, traps_home: Path, output_format: str
) -> None:
    sizes = {"shard_size": 2, "block_size": 2}
    run = write_run(tmp_path / "run.yaml", {"O-shared": 6}, output_format=output_format, **sizes)
    out = tmp_path / "out"
    arguments = ("run", run, "--local", "--out", out, "--generators", traps_home, "-o", "json")
    made = vrdata(*arguments)
    assert made.code == 0, made.err
    folder = out / "default" / "demo"
    for name, damage in DAMAGE.items():
        damage(folder)
        healed = vrdata(*arguments)
        assert healed.code == 0, f"{name}: {healed.err}"
        assert healed.json["datasetHash"] == made.json["datasetHash"], name
        checked = vrdata("verify", out)
        assert checked.code == 0, f"{name}: {checked.out}"
        restored = healed.json["restoredShards"]
        assert restored == (1 if name.startswith("data-") else 0), name
        assert healed.json["generatedShards"] == (1 if name == "marker-deleted" else 0), name
        assert ("restoring 1 shard " in healed.err) == bool(restored), name


def test_a_shard_whose_bytes_now_differ_is_reported_and_nothing_is_overwritten(
    tmp_path: Path,
) -> None:
    home = add_traps(tmp_path, "shared")
    run = write_run(tmp_path / "run.yaml", {"O-shared": 4}, shard_size=2, block_size=2)
    out = tmp_path / "out"
    arguments = ("run", run, "--local", "--out", out, "--generators", home)
    assert vrdata(*arguments).code == 0
    folder = out / "default" / "demo"
    lost = _data(folder)[0]
    lost.unlink()
    _change_results(home)
    before = {path: path.stat().st_mtime_ns for path in [*_data(folder), *_markers(folder)]}
    again = vrdata(*arguments)
    assert again.code == 1, again.err
    assert "NotDeterministic" in again.out
    assert not lost.exists()
    assert {path: path.stat().st_mtime_ns for path in before} == before
    records = [json.loads(path.read_text()) for path in folder.rglob("_vrdata/failures/**/*.json")]
    assert [record["reason"] for record in records] == ["NotDeterministic"]


def test_a_lost_shard_that_comes_back_with_other_bytes_is_reported(tmp_path: Path) -> None:
    home = add_traps(tmp_path, "shared")
    run = write_run(tmp_path / "run.yaml", {"O-shared": 4}, shard_size=2, block_size=2)
    arguments = ("run", run, "--local", "--out", tmp_path / "out", "--generators", home)
    assert vrdata(*arguments).code == 0
    folder = tmp_path / "out" / "default" / "demo"
    _data(folder)[0].unlink()
    _markers(folder)[0].unlink()
    _change_results(home)
    again = vrdata(*arguments)
    assert again.code == 3, again.out
    assert "have changed since this run finished" in again.err


def _change_results(home: Path) -> None:
    """Change the copied code without its digest: as a nondeterministic generator does."""
    (source,) = home.rglob("src/__init__.py")
    source.chmod(0o644)
    source.write_text(source.read_text().replace("randrange(8)", "randrange(4)"))


def _markers(folder: Path) -> list[Path]:
    return sorted((folder / "_vrdata" / "commits").rglob("*.json"))
