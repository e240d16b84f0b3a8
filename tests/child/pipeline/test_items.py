"""An item is named by the file that an argument of the step is the path of."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from vrdata_child.pipeline.folders import settle
from vrdata_child.pipeline.items import Files, arguments_of, with_item

PLACE = "/home/somebody/cases"


@dataclass
class Pair:
    image: Path
    mask: Path


@pytest.fixture
def block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a block whose sources are staged; its working folder is the current one."""
    for name in ("staged/raw/a.png", "staged/raw/case_1/b.png", "staged/cases/c.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    folder = tmp_path / "block"
    (folder / "cwd").mkdir(parents=True)
    sources = [
        {"place": place, "folder": str(tmp_path / "staged" / name)}
        for place, name in (("raw", "raw"), (PLACE, "cases"))
    ]
    (folder / "sources.json").write_text(json.dumps(sources))
    monkeypatch.chdir(folder / "cwd")
    settle(folder, folder / "cwd", folder / "out", {}, "")
    return folder


def test_arguments_and_their_parts_name_files_of_sources(block: Path) -> None:
    image = Path("raw/a.png")
    arguments = {
        "path": image,
        "case": "raw/case_1",
        "pair": (image.absolute(), 7),
        "one": Pair(image.resolve(), Path("raw/case_1/b.png")),
        "found": {"image": str(block / f"root{PLACE}" / "c.png"), 3: image},
    }
    assert Files(block, Path.cwd()).named(arguments) == {
        "path": "raw/a.png",
        "case": "raw/case_1",
        "pair[0]": "raw/a.png",
        "one.image": "raw/a.png",
        "one.mask": "raw/case_1/b.png",
        "found['image']": f"{PLACE}/c.png",
    }


def test_other_values_name_nothing(block: Path) -> None:
    Path("own.png").touch()
    paths = ["raw", "raw/absent.png", "own.png", "a.png", "\0", "raw/" + "x" * 300, "raw/a\nb"]
    values = [*paths, str(block / "out"), "raw/../own.png", "/etc/hostname", 7, None, b"raw/a.png"]
    arguments = {f"argument_{number}": value for number, value in enumerate(values)}
    assert Files(block, Path.cwd()).named(arguments) == {}


def test_arguments_get_the_names_of_the_function() -> None:
    def step(path: str, index: int, *, angle: int = 0) -> None: ...

    assert arguments_of(step, ("a",), {"index": 1}) == {"path": "a", "index": 1}
    assert arguments_of(step, (), {"other": 1}) == {}


def test_a_record_has_its_item_and_a_failure_says_it_first() -> None:
    assert with_item({"event": "sample"}, "raw/a.png") == {"event": "sample", "item": "raw/a.png"}
    failed = {"event": "invalid", "message": "black"}
    assert with_item(failed, "raw/a.png")["message"] == "raw/a.png: black"
    assert with_item(failed, "") == failed
