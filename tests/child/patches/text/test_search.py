"""A font that was not found is searched again only if a folder of fonts changed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import ImageFont

from vrdata_child.patches.text import search


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's folder of fonts, which Pillow searches."""
    fonts = tmp_path / "share" / "fonts"
    (fonts / "inner").mkdir(parents=True)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    monkeypatch.setenv("XDG_DATA_DIRS", str(tmp_path / "share"))
    return fonts


@pytest.fixture
def searches(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The folders that were listed."""
    listed: list[str] = []
    walk = os.walk

    def recorded(top: Any) -> Iterator[Any]:
        listed.append(str(top))
        return walk(top)

    monkeypatch.setattr(os, "walk", recorded)
    return listed


def missing(name: str) -> OSError:
    with pytest.raises(OSError, match="cannot open resource") as caught:
        ImageFont.truetype(name, 20)
    return caught.value


@pytest.mark.parametrize("name", ["none.ttf", "none", "/no/such/none.ttf"])
def test_a_missing_font_is_searched_once(
    font: Path, folder: Path, searches: list[str], name: str
) -> None:
    assert font.exists()
    first = missing(name)
    assert str(folder) in searches
    searches.clear()
    second = missing(name)
    assert searches == []
    assert (type(second), second.args) == (type(first), first.args)
    assert second is not first


@pytest.mark.parametrize("inner", [".", "inner", "new"])
def test_a_font_that_appears_is_found(font: Path, folder: Path, inner: str) -> None:
    missing("later.ttf")
    (folder / inner).mkdir(exist_ok=True)
    missing("later.ttf")
    shutil.copy(font, folder / inner / "later.ttf")
    assert ImageFont.truetype("later.ttf", 20).getname()[0] == "Aileron"
    (folder / inner / "later.ttf").unlink()
    missing("later.ttf")


def test_a_font_that_appears_at_its_path_is_found(
    font: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder.parent)
    missing("here.ttf")
    shutil.copy(font, "here.ttf")
    assert ImageFont.truetype("here.ttf", 20)
    monkeypatch.chdir(folder.parent.parent)
    missing("here.ttf")


def test_a_font_of_another_folder_is_found(
    font: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing("other.ttf")
    other = folder.parent.parent / "other" / "fonts"
    other.mkdir(parents=True)
    shutil.copy(font, other / "other.ttf")
    monkeypatch.setenv("XDG_DATA_DIRS", str(other.parent))
    assert ImageFont.truetype("other.ttf", 20)


def test_a_broken_font_that_is_repaired_is_loaded(font: Path, folder: Path) -> None:
    (folder / "broken.ttf").write_bytes(b"no font")
    for _ in range(2):
        with pytest.raises(OSError, match="unknown file format"):
            ImageFont.truetype("broken.ttf", 20)
    (folder / "broken.ttf").write_bytes(font.read_bytes())
    assert ImageFont.truetype("broken.ttf", 20)


def test_very_many_folders_are_not_compared(
    font: Path, folder: Path, searches: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert font.exists()
    monkeypatch.setattr(search, "MAX_FOLDERS", 1)
    assert folder.exists()
    for _ in range(2):
        missing("none.ttf")
        assert str(folder) in searches
        searches.clear()
