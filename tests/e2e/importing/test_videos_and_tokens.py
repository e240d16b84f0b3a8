"""`vrdata import` of videos that a table names, and of sets that need a token."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.cli import Ran, called
from support.datasets.clips import write_clip
from support.datasets.puzzles import puzzle, puzzle_table
from support.services.hub.fixture import hub  # noqa: F401 - fixture
from support.services.hub.server import TOKEN, Hub

pytestmark = pytest.mark.slow


def imported(source: object, out: Path) -> Ran:
    return called("import", source, "--output", out, "-o", "json")


def test_videos_that_a_table_names_are_part_of_the_samples(tmp_path: Path) -> None:
    source, out = tmp_path / "set", tmp_path / "out"
    source.mkdir()
    (source / "image.png").write_bytes(puzzle(0)["image"]["bytes"])
    for name in ("first.mp4", "last.mp4", "truth.mp4", "truth.mkv"):
        write_clip(source / name)
    write_clip(source / "truth.avi", codec="mjpeg", pixels="yuvj420p")
    (source / "rows.csv").write_text(
        "image,prompt,first_video,last_video,ground_truth_video\n"
        "image.png,Go.,first.mp4,last.mp4,truth.mp4\n"
        "image.png,Go.,,,truth.avi\n"
        "image.png,Go.,,,truth.mkv\n"
        "image.png,Go.,,,missing.mp4\n"
    )
    ran = imported(source / "rows.csv", out)
    assert (ran.code, ran.json["samples"], ran.json["failedSamples"]) == (4, 3, 1), ran.err
    names = {
        path.name: {file.name for file in path.iterdir() if file.suffix in {".mp4", ".avi", ".mkv"}}
        for path in out.glob("*_task/*")
    }
    assert names == {
        "rows_00000": {"first_video.mp4", "last_video.mp4", "ground_truth.mp4"},
        "rows_00001": {"ground_truth.avi"},
        "rows_00002": {"ground_truth.mkv"},
    }
    for file in ("first_video.mp4", "last_video.mp4"):
        (stored,) = out.glob(f"*_task/rows_00000/{file}")
        assert stored.read_bytes() == (source / file.replace("_video", "")).read_bytes()
    assert "missing.mp4" in (out / "failures.jsonl").read_text()
    assert called("verify", out).code == 0


@pytest.mark.parametrize("place", ["HF_TOKEN", "hf auth login"])
def test_a_gated_set_is_imported_with_a_token_that_was_granted_access(
    place: str,
    hub: Hub,  # noqa: F811 - the fixture
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    table = puzzle_table(tmp_path / "set.parquet", 2)
    hub.create("lab/gated", {"test.parquet": table.read_bytes()}, gated=True, granted={TOKEN})
    refused = imported("hf://lab/gated", tmp_path / "out")
    assert refused.code == 5
    assert "there is no token" in refused.err
    if place == "HF_TOKEN":
        monkeypatch.setenv("HF_TOKEN", TOKEN)
    else:  # where the command stores it
        (tmp_path / "hf-home").mkdir(exist_ok=True)
        (tmp_path / "hf-home/token").write_text(TOKEN)
    ran = imported("hf://lab/gated", tmp_path / "out")
    assert (ran.code, ran.json["samples"]) == (0, 2), ran.err
    assert TOKEN not in ran.out + ran.err
    assert not any(
        TOKEN.encode() in path.read_bytes()
        for folder in ("out", ".vrdata")
        for path in (tmp_path / folder).rglob("*")
        if path.is_file()
    )
