"""M-import: which columns become which field of a sample."""

from __future__ import annotations

import datetime as dt
import decimal
import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from vrdata_generators.api import Converted, Item
from vrdata_generators.checks import check_item
from vrdata_generators.columns import ALIASES
from vrdata_generators.converters.import_ import PROMPT, Import

IMAGE, OTHER = Image.new("RGB", (8, 6), "red"), Image.new("RGB", (8, 6), "blue")


def converted(row: dict[str, Any], **options: str) -> Converted:
    return check_item(Import(), Item(0, "test.parquet#0", row=row), options)


def colour(image: Any) -> Any:
    return (Image.open(image) if isinstance(image, Path) else image).getpixel((0, 0))


@pytest.mark.parametrize("name", ALIASES["first"])
@pytest.mark.parametrize("final", ALIASES["final"])
def test_images_have_many_names(name: str, final: str) -> None:
    made = converted({name: IMAGE, final: OTHER, "prompt": "x"})
    assert (colour(made.first), colour(made.final)) == ((255, 0, 0), (0, 0, 255))
    assert made.metadata == {}


def test_a_row_of_videothinkbench() -> None:
    row = {"task": "maze_square", "id": "m1", "prompt": "Go.", "image": IMAGE}
    made = converted(row | {"solution_image": OTHER})
    assert (made.prompt, made.domain, made.goal) == ("Go.", "maze_square", "")
    assert made.metadata == {"id": "m1"}
    text = converted(row | {"answer": "B"})
    assert (text.final, text.goal) == (None, "B")


def test_an_answer_beside_a_final_image_is_a_parameter() -> None:
    made = converted({"image": IMAGE, "solution_image": OTHER, "answer": 3, "prompt": "x"})
    assert (made.goal, made.metadata) == ("", {"answer": 3})


def test_the_first_name_with_a_value_is_used() -> None:
    row = {"image": IMAGE, "question": None, "prompt": "second", "instruction": "third"}
    made = converted(row)
    assert made.prompt == "second"
    assert made.metadata == {"question": None, "instruction": "third"}


def test_without_a_prompt_column_the_prompt_is_that_of_the_template() -> None:
    assert converted({"image": IMAGE}).prompt == PROMPT == "Solve this visual reasoning task."


def test_a_blank_prompt_is_not_replaced() -> None:
    with pytest.raises(AssertionError, match="the prompt is blank"):
        converted({"image": IMAGE, "prompt": ""})


def test_options_name_other_columns() -> None:
    row = {"photo": IMAGE, "done": OTHER, "image": None, "what": "x", "answer": {"a": [1]}}
    made = converted(row, first="photo", final="done", prompt="what", goal="answer")
    assert (colour(made.first), colour(made.final)) == ((255, 0, 0), (0, 0, 255))
    assert (made.prompt, made.goal) == ("x", '{"a": [1]}')
    assert made.metadata == {"image": None}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"finale": "image"}, "'finale' is not one of first, final, prompt"),
        ({"final": "solution"}, "final=solution: there is no such column; the columns are a, b"),
        ({}, "no column has the first image; the columns are a, b; set first=COLUMN"),
    ],
)
def test_a_wrong_option_lists_what_there_is(options: dict[str, str], words: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the words follow
        converted({"a": IMAGE, "b": "x"}, **options)
    assert words in str(caught.value)


def test_other_values_become_json() -> None:
    when = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)
    row = {"image": IMAGE, "at": when, "cost": decimal.Decimal("1.50"), "score": float("nan")}
    row |= {"tags": ("a", 1), "box": {"x": 0.5}, "blob": b"x", "thumbnail": {"bytes": b"y"}}
    made = converted(row)
    assert made.metadata == {
        "at": "2026-01-02 00:00:00+00:00",
        "cost": "1.50",
        "score": None,
        "tags": ["a", 1],
        "box": {"x": 0.5},
    }


@pytest.mark.parametrize("value", [b"video", {"bytes": b"video", "path": None}])
def test_videos_as_bytes(value: Any) -> None:
    row = {"image": IMAGE, "ground_truth_video": value, "first_video": value, "last_video": value}
    made = converted(row)
    assert (made.video, made.first_video, made.last_video) == (b"video",) * 3


def test_an_image_with_the_files_beside_it(tmp_path: Path) -> None:
    folder = tmp_path / "cats"
    folder.mkdir()
    IMAGE.save(folder / "a.png")
    (folder / "a.txt").write_text("\ufeffFind the cat.\n", encoding="utf-8")
    (folder / "a.json").write_text(json.dumps({"id": 7, "answer": "left"}))
    (folder / "a.mp4").write_bytes(b"video")
    files = {f"cats/{path.name}": path for path in sorted(folder.iterdir(), reverse=True)}
    item = Item(0, "cats/a.png", files)
    made = check_item(Import(), item)
    assert (made.prompt, made.domain, made.goal) == ("Find the cat.\n", "cats", "left")
    assert (colour(made.first), made.video) == ((255, 0, 0), folder / "a.mp4")
    assert made.metadata == {"id": 7}


def test_json_beside_an_image_must_be_an_object(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("[1]")
    with pytest.raises(ValueError, match=r"a\.json is not a JSON object"):
        check_item(Import(), Item(0, "a.json", {"a.json": tmp_path / "a.json"}))


def item_of(folder: Path, *names: str, key: str = "") -> Item:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        match name.rpartition(".")[2]:
            case "png" | "jpg" | "gif":
                (OTHER if "final" in name else IMAGE).save(folder / name)
            case "json":
                (folder / name).write_text('{"id": 7}')
            case _:
                (folder / name).write_text(f"the {name}")
    files = {f"{folder.name}/{name}": folder / name for name in sorted(names)}
    return Item(0, key or next(iter(files)), files)


@pytest.mark.parametrize(
    "names", [("first.png", "final.png"), ("first_frame.png", "final_frame.png"), ("image.png",)]
)
def test_the_files_of_a_folder_are_columns_by_their_names(
    tmp_path: Path, names: tuple[str, ...]
) -> None:
    names += ("prompt.txt", "rubric.txt", "goal.txt", "meta.json")
    made = check_item(Import(), item_of(tmp_path / "01", *names, key="maze/01/final.png"))
    assert colour(made.first) == (255, 0, 0)
    assert (colour(made.final) if made.final else None) == (
        (0, 0, 255) if "image.png" not in names else None
    )
    assert (made.prompt, made.domain) == ("the prompt.txt", "maze")
    assert {"id": 7, "rubric": "the rubric.txt"}.items() <= made.metadata.items()


def test_the_only_image_and_the_only_text_of_a_folder_may_have_any_name(tmp_path: Path) -> None:
    made = check_item(Import(), item_of(tmp_path / "01", "photo.png", "what.txt", "notes.aaa"))
    assert (colour(made.first), made.prompt) == ((255, 0, 0), "the what.txt")


def test_images_of_a_folder_with_unknown_names_are_not_guessed(tmp_path: Path) -> None:
    item = item_of(tmp_path / "01", "a.png", "b.png")
    with pytest.raises(ValueError, match="no column has the first image; the columns are a, b"):
        check_item(Import(), item)
    made = check_item(Import(), item, {"first": "b", "final": "a"})
    assert made.first is not made.final


def test_two_images_with_one_stem_are_not_guessed(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"a\.jpg and a\.png are both the column 'image'"):
        check_item(Import(), item_of(tmp_path, "a.jpg", "a.png"))


def test_an_image_is_preferred_to_a_file_of_another_kind(tmp_path: Path) -> None:
    made = check_item(Import(), item_of(tmp_path, "a.boxes", "a.png"))
    assert colour(made.first) == (255, 0, 0)
