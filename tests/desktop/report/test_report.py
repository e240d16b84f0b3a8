"""The page about sequences, as `vrdata desktop report` writes it."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from PIL import Image

from support.cli import called
from support.desktop.sequences import attacked_sequences, demo_sequences
from vrdata.desktop.report import pictures


@pytest.fixture(scope="module")
def sequences(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sequences of two made recordings."""
    return demo_sequences(tmp_path_factory.mktemp("sequences"))


def images(page: Path) -> list[Path]:
    return [page.parent / name for name in re.findall(r'<img src="([^"]*)"', page.read_text())]


def size_of(path: Path) -> tuple[int, int]:
    with Image.open(path) as image:
        return image.size


def content(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_all_pictures_and_events_are_on_the_page(sequences: Path, tmp_path: Path) -> None:
    done = called("desktop", "report", sequences, "-o", tmp_path / "r", "--output-format", "json")
    assert (done.code, done.err) == (0, "")
    said = json.loads(done.out)
    page = Path(said["report"])
    assert (said["sequences"], said["missing"]) == (said["rows"]["train"], 0)
    text = page.read_text()
    assert text.count('<section class="card sequence"') == said["sequences"]
    assert "press Shift" in text
    assert "mouse to" in text
    assert "not loaded" not in text
    found = images(page)
    assert len(found) > 20
    assert {size_of(path) for path in found} == {(240, 160)}


def test_equal_datasets_have_equal_reports(sequences: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        assert called("desktop", "report", sequences, "-o", tmp_path / name).code == 0
    assert content(tmp_path / "a") == content(tmp_path / "b")


def test_a_report_is_replaced_and_its_old_pictures_are_removed(
    sequences: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "report"
    assert called("desktop", "report", sequences, "-o", folder).code == 0
    before = content(folder)
    assert called("desktop", "report", sequences, "-o", folder, "--limit", 1).code == 0
    after = content(folder)
    assert 0 < len(after) < len(before)
    assert {f"media/{path.name}" for path in images(folder / "index.html")} == {
        name for name in after if name.startswith("media/")
    }


def test_without_a_folder_it_is_in_the_dataset(tmp_path: Path) -> None:
    folder = demo_sequences(tmp_path)
    assert called("desktop", "report", folder).code == 0
    assert (folder / "report/index.html").is_file()
    assert called("desktop", "report", folder).code == 0


def test_another_folder_is_left_alone(sequences: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    done = called("desktop", "report", sequences, "-o", tmp_path)
    assert (done.code, "already exists" in done.err, "fix:" in done.err) == (3, True, True)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_pictures_that_are_not_there_are_named(tmp_path: Path) -> None:
    folder = demo_sequences(tmp_path)
    video = tmp_path / "recordings/desktop-01.mkv"
    video.unlink()
    done = called("desktop", "report", folder, "-o", tmp_path / "r", "--output-format", "json")
    assert done.code == 4
    assert f"missing: {video} does not exist\n" == done.err
    page = (tmp_path / "r/index.html").read_text()
    assert page.count("picture not loaded<") == json.loads(done.out)["missing"] > 0
    assert images(tmp_path / "r/index.html")


def test_a_command_that_ended_early_can_be_run_again(
    sequences: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("vrdata.desktop.report.building._render", lambda *_: os.open("/none/a", 0))
        assert called("desktop", "report", sequences, "-o", tmp_path / "r").code != 0
    assert (tmp_path / "r/media").is_dir()
    assert called("desktop", "report", sequences, "-o", tmp_path / "r").code == 0
    assert "not finished" not in (tmp_path / "r/index.html").read_text()


def test_large_pictures_are_made_smaller(
    sequences: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "EDGE", 60)
    assert called("desktop", "report", sequences, "-o", tmp_path / "r").code == 0
    assert {size_of(path) for path in images(tmp_path / "r/index.html")} == {(60, 40)}


def test_texts_of_recordings_are_escaped(tmp_path: Path) -> None:
    done = called("desktop", "report", attacked_sequences(tmp_path), "-o", tmp_path / "r")
    assert done.code == 4
    page = (tmp_path / "r/index.html").read_bytes().decode()
    assert "&lt;img src=x onerror" in page
    assert not re.search(r"<script|<svg|onerror=\"|href=\"javascript|\u202e|\x00", page)
    assert {tag for tag in re.findall(r"<img[^>]*>", page) if "media/" not in tag} == set()


@pytest.mark.parametrize("limit", [0, 501])
def test_a_limit_out_of_range_is_refused(sequences: Path, tmp_path: Path, limit: int) -> None:
    done = called("desktop", "report", sequences, "-o", tmp_path / "r", "--limit", limit)
    assert (done.code, "fix:" in done.err) == (2, True)
    assert not (tmp_path / "r").exists()


def test_a_table_of_another_stage_is_refused(sequences: Path, tmp_path: Path) -> None:
    done = called("desktop", "report", sequences.parent / "bins", "-o", tmp_path / "r")
    assert (done.code, "instruction" in done.err) == (3, True)
    assert not (tmp_path / "r").exists()
