"""M-import in the child: rows of tables and files become samples."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from support.datasets.clips import write_clip
from support.sources.conversions import Conversions, open_converter


def png(colour: tuple[int, int, int], size: tuple[int, int] = (32, 24)) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", size, colour).save(target, "PNG")
    return target.getvalue()


def row(number: int, **change: Any) -> dict[str, Any]:
    image = {"bytes": png((number, 0, 0)), "path": None}
    solution = {"bytes": png((number, 255, 0)), "path": None}
    found = {"task": "eye balling", "id": f"q{number}", "prompt": f"Find {number}."}
    return found | {"image": image, "solution_image": solution} | change


def table(path: Path, rows: list[dict[str, Any]], group: int = 100) -> Path:
    pq.write_table(pa.Table.from_pylist(rows), path, row_group_size=group)
    return path


@pytest.fixture(scope="module")
def importer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Conversions]:
    with open_converter(tmp_path_factory.mktemp("import")) as opened:
        yield opened


def colour(path: Path) -> Any:
    with Image.open(path) as image:
        assert image.mode == "RGB"
        return image.getpixel((0, 0))


def test_a_row_becomes_a_sample(importer: Conversions, tmp_path: Path) -> None:
    made = importer.rows(table(tmp_path / "test.parquet", [row(1), row(2)]), "parquet", [0, 1])
    assert made.invalid == {}
    assert made.ids == {0: "eye_balling_00000000", 1: "eye_balling_00000001"}
    assert made.text(1, "prompt.txt") == "Find 2."
    assert colour(made.samples[1] / "first_frame.png") == (2, 0, 0)
    assert colour(made.samples[1] / "final_frame.png") == (2, 255, 0)
    assert made.metadata(1)["parameters"] == {"id": "q2"}
    assert made.metadata(1)["source_key"] == "test.parquet#1"
    assert json.loads(made.text(1, "metadata.json"))["generator"] == "sets"


def test_a_colour_profile_that_is_ignored_is_named(importer: Conversions, tmp_path: Path) -> None:
    body = io.BytesIO()
    Image.new("RGB", (4, 4), (1, 2, 3)).save(body, "PNG", icc_profile=b"no profile")
    rows = [row(1, solution_image={"bytes": body.getvalue(), "path": None}), row(2)]
    made = importer.rows(table(tmp_path / "t.parquet", rows), "parquet", [0, 1])
    assert colour(made.samples[0] / "final_frame.png") == (1, 2, 3)
    assert made.metadata(0)["source_colours"] == {
        "final": "the colour profile is ignored: it is damaged"
    }
    assert "source_colours" not in made.metadata(1)


def test_a_png_of_rgb_pixels_alone_keeps_its_bytes(importer: Conversions, tmp_path: Path) -> None:
    plain, texts, named = png((1, 2, 3)), io.BytesIO(), PngInfo()
    named.add_text("author", "somebody")
    Image.new("RGB", (4, 4), (1, 2, 3)).save(texts, "PNG", pnginfo=named)
    change = {
        "image": {"bytes": plain, "path": None},
        "solution_image": {"bytes": texts.getvalue(), "path": None},
    }
    made = importer.rows(table(tmp_path / "t.parquet", [row(1, **change)]), "parquet", [0])
    assert (made.samples[0] / "first_frame.png").read_bytes() == plain
    final = made.samples[0] / "final_frame.png"
    assert b"somebody" not in final.read_bytes()
    assert colour(final) == (1, 2, 3)


def clip(folder: Path, name: str) -> bytes:
    write_clip(folder / name)
    return (folder / name).read_bytes()


def test_videos_of_columns_keep_their_frames(importer: Conversions, tmp_path: Path) -> None:
    mp4, mkv = clip(tmp_path, "a.mp4"), clip(tmp_path, "b.mkv")
    videos = {"ground_truth_video": mp4, "first_video": {"bytes": mkv, "path": "b.mkv"}}
    rows = [row(1, **videos), row(2, ground_truth_video=b"<html>", first_video=None)]
    rows[1]["first_video"] = {"bytes": None, "path": None}
    made = importer.rows(table(tmp_path / "t.parquet", rows), "parquet", [0, 1])
    names = {path.name for path in made.samples[0].iterdir()}
    assert {"ground_truth.mp4", "first_video.mp4"} <= names
    assert made.invalid == {1: "InvalidItem: t.parquet#1: ground_truth is not a video: it is text"}


def test_rows_of_json_lines_and_csv(importer: Conversions, tmp_path: Path) -> None:
    url = f"data:image/png;base64,{base64.b64encode(png((9, 0, 0))).decode()}"
    lines = [{"image": url, "instruction": "Go.", "answer": 7}, {"image": "none.png"}]
    (tmp_path / "t.jsonl").write_text("\n".join(map(json.dumps, lines)))
    made = importer.rows(tmp_path / "t.jsonl", "jsonl", [0, 1])
    assert (made.text(0, "goal.txt"), made.ids[0]) == ("7", "import_00000000")
    assert colour(made.samples[0] / "first_frame.png") == (9, 0, 0)
    assert "first: 'none.png' is not one of the files of the item" in made.invalid[1]
    assert (
        "CSV and JSONL tables name files in their folder, other tables contain the bytes"
        in made.invalid[1]
    )
    (tmp_path / "t.csv").write_text(f'photo,caption\n"{url}",Look.\n')
    made = importer.rows(tmp_path / "t.csv", "csv", [0], "first=photo")
    assert made.text(0, "prompt.txt") == "Look."


def test_an_image_with_files_beside_it(importer: Conversions, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(png((8, 8, 8)))
    (tmp_path / "a.txt").write_text("Which animal?")
    clip(tmp_path, "a.mp4")
    files = {f"set/cats & dogs/{name}": tmp_path / name for name in ("a.jpg", "a.mp4", "a.txt")}
    made = importer.files(files)
    assert made.ids == {0: "cats_dogs_00000000"}
    assert made.text(0, "prompt.txt") == "Which animal?"
    assert (made.samples[0] / "ground_truth.mp4").is_file()
    assert made.metadata(0)["source_key"] == "set/cats & dogs/a.jpg"


def test_the_bytes_do_not_depend_on_where_items_are(importer: Conversions, tmp_path: Path) -> None:
    path = table(tmp_path / "test.parquet", [row(number) for number in range(3)])
    first, again = (importer.rows(path, "parquet", [0, 1, 2]) for _ in range(2))
    for position, folder in first.samples.items():
        assert first.metadata(position) == again.metadata(position)
        for file in set(folder.iterdir()) - {folder / "metadata.json"}:  # it has the block's number
            assert file.read_bytes() == (again.samples[position] / file.name).read_bytes()


def test_nothing_but_the_pixels_of_an_image_is_stored(
    importer: Conversions, tmp_path: Path
) -> None:
    target = io.BytesIO()
    about = PngInfo()
    about.add_text("Comment", "made by me")
    Image.new("RGB", (8, 8)).save(target, "PNG", pnginfo=about, dpi=(300, 300))
    made = importer.rows(
        table(tmp_path / "t.parquet", [row(1, image={"bytes": target.getvalue()})]), "parquet", [0]
    )
    with Image.open(made.samples[0] / "first_frame.png") as image:
        assert image.info == {}
