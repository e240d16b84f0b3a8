"""A row of a CSV or JSON Lines table brings the files that it names."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sources.objects.test_source import Bucket, fill, of_path, parts
from vrdata.api.source import SourceSpec
from vrdata.errors import InvalidInputError
from vrdata.sources.objects.finding import BucketFinder
from vrdata.sources.objects.listing import list_bucket
from vrdata.sources.objects.source import ObjectsSource, Root
from vrdata.sources.opening import open_source
from vrdata.sources.port import Part, Source, SourceChangedError

CSV = "file_name,prompt\nimages/0001.png,Go.\n,\nimages/0002.png,Stop.png\nnone,Wait.\n"
ROWS = [
    {"file_name": "images/0001.png", "prompt": "Go."},
    {"file_name": "", "prompt": ""},
    {"file_name": "images/0002.png", "prompt": "Stop.png"},
    {"prompt": "Wait."},
]
JSONL = "".join(f"{json.dumps(row)}\n" for row in ROWS)
TABLES = {"metadata.csv": CSV.replace("none,", ","), "metadata.jsonl": JSONL}


def bucket_of(folder: Path) -> Source:
    store = Bucket()
    for path in folder.rglob("*"):
        if path.is_file():
            store.objects[path.relative_to(folder).as_posix()] = path.read_bytes()
    root = Root(store, lambda: list_bucket(store, ()), BucketFinder(store).find)
    return ObjectsSource(lambda: root, "s3://b/", ())


def names(found: list[Part]) -> list[tuple[int, int, list[str]]]:
    return [(one.first, one.items, [file.name for file in one.files[1:]]) for one in found]


@pytest.mark.parametrize("kind", ["folder", "file", "bucket"])
@pytest.mark.parametrize("table", TABLES)
def test_an_item_is_a_row_with_its_files(table: str, kind: str, tmp_path: Path) -> None:
    fill(tmp_path / "in", "images/0001.png", "images/0002.png", "images/unused.png", "README.md")
    (tmp_path / "in" / table).write_text(TABLES[table])
    opened = {
        "folder": of_path(tmp_path / "in"),
        "file": of_path(tmp_path / "in" / table),
        "bucket": bucket_of(tmp_path / "in"),
    }
    found = parts(opened[kind])
    assert names(found) == [
        (0, 1, ["images/0001.png"]),
        (1, 1, []),
        (2, 1, ["images/0002.png"]),
        (3, 1, []),
    ]
    assert [part.key(part.first) for part in found] == [f"{table}#{row}" for row in range(4)]
    assert all(file.digest for part in found for file in part.files)
    (tmp_path / "out").mkdir()
    opened[kind].stage(found[2], tmp_path / "out")
    assert (tmp_path / "out/images/0002.png").read_text() == "images/0002.png"
    assert "Stop.png" in (tmp_path / "out" / table).read_text()
    assert "Go." not in (tmp_path / "out" / table).read_text()


def test_any_column_of_any_table_can_name_files(tmp_path: Path) -> None:
    fill(tmp_path, "set/a.png", "set/b c.png", "set/clips/a.mp4", "a.png")
    row = {"image": "./a.png", "more": ["b c.png", "no.png", 7], "video": {"path": "clips/a.mp4"}}
    (tmp_path / "set/rows.jsonl").write_text(json.dumps(row) + "\n" + '{"image": "../a.png"}\n')
    found = parts(of_path(tmp_path, "*.jsonl"))
    assert names(found) == [(0, 1, ["set/a.png", "set/b c.png", "set/clips/a.mp4"]), (1, 1, [])]


def test_rows_without_files_stay_together(tmp_path: Path) -> None:
    fill(tmp_path, "5.png")
    (tmp_path / "rows.csv").write_text(
        "image\n" + "".join(f"{number}.png\n\n" for number in range(9))
    )
    assert names(parts(of_path(tmp_path / "rows.csv"))) == [
        (0, 5, []),
        (5, 1, ["5.png"]),
        (6, 3, []),
    ]


@pytest.mark.parametrize("name", ["gone.png", "../out.png", "/etc/hosts.png", "a\\b.png", "no"])
@pytest.mark.parametrize("column", ["file_name", "target_image_file_name"])
def test_a_missing_file_of_an_image_folder_is_refused_by_name(
    column: str, name: str, tmp_path: Path
) -> None:
    fill(tmp_path, "out.png", "in/a.png")
    (tmp_path / "in/metadata.csv").write_text(f"{column}\na.png\n{name}\n")
    with pytest.raises(InvalidInputError, match=f"the column {column} names") as caught:
        parts(of_path(tmp_path / "in"))
    assert "relative to the folder of the table" in caught.value.why


def test_the_error_about_a_parquet_table_of_metadata_says_how_to_convert_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path, "images/0.png", "images/1.png")
    rows = [{"file_name": f"images/{number}.png", "prompt": "a\nb"} for number in range(2)]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "metadata.parquet")
    with pytest.raises(InvalidInputError, match=r"metadata\.parquet cannot name") as caught:
        parts(of_path(tmp_path))
    monkeypatch.chdir(tmp_path)
    command = caught.value.fix.partition(": ")[2].replace("python", sys.executable, 1)
    subprocess.run(command, shell=True, check=True, timeout=60)  # noqa: S602 - our own words
    assert names(parts(of_path(tmp_path))) == [(0, 1, ["images/0.png"]), (1, 1, ["images/1.png"])]


def test_no_link_is_followed(tmp_path: Path) -> None:
    fill(tmp_path, "secret/a.png", "in/b.png")
    (tmp_path / "in/link").symlink_to(tmp_path / "secret")
    (tmp_path / "in/a.png").symlink_to(tmp_path / "secret/a.png")
    (tmp_path / "in/rows.csv").write_text("x,y\na.png,link/a.png\nb.png,\n")
    found = parts(of_path(tmp_path / "in/rows.csv"))
    assert names(found) == [(0, 1, []), (1, 1, ["b.png"])]


def test_a_file_that_changes_is_an_error(tmp_path: Path) -> None:
    fill(tmp_path / "in", "a.png")
    (tmp_path / "in/metadata.csv").write_text("file_name\na.png\n")
    source = of_path(tmp_path / "in")
    (part,) = parts(source)
    (tmp_path / "in/a.png").write_bytes(b"b.png")
    (tmp_path / "out").mkdir()
    with pytest.raises(SourceChangedError, match=r"a\.png has changed"):
        source.stage(part, tmp_path / "out")


def test_tables_beside_a_metadata_table_are_all_read(tmp_path: Path) -> None:
    (tmp_path / "metadata.csv").write_text("x\n1\n")
    (tmp_path / "a.csv").write_text("x\n1\n")
    fill(tmp_path, "README.md")
    assert [one.files[0].name for one in parts(of_path(tmp_path))] == ["a.csv", "metadata.csv"]


def test_a_file_that_many_rows_name_is_read_once(tmp_path: Path) -> None:
    fill(tmp_path, "a.png", "b.png")
    rows = "".join(f"{name}.png,{number}\n" for number in range(9) for name in "ab")
    (tmp_path / "metadata.csv").write_text(f"file_name,prompt\n{rows}")
    read: list[str] = []
    source = open_source(SourceSpec(url=str(tmp_path)))
    found = list(source.resolve(None, on_read=lambda name, _: read.append(name)).parts)
    assert len({part.files[1].digest for part in found}) == 2
    assert (len(found), read.count("a.png"), read.count("b.png")) == (18, 1, 1)


def test_an_object_after_a_page_of_others_is_found() -> None:
    store = Bucket()
    for number in range(1500):
        store.objects[f"a.pn{number:05d}"] = b"x"
    store.objects["a.png"] = b"x"
    finder = BucketFinder(store)
    for name in ("a.png", "a.pn01499", "a.pn00001"):
        found = finder.find(name)
        assert found is not None
        assert found.digest.startswith("etag:")
    assert finder.find("a.pnf") is None


def test_objects_in_order_need_one_listing_for_many() -> None:
    store, listings = Bucket(), 0
    for number in range(2500):
        store.objects[f"{number:05d}.png"] = b"x"

    original = store.list_after

    def counted(prefix: str, after: str = "") -> object:
        nonlocal listings
        listings += 1
        return original(prefix, after)

    store.list_after = counted  # type: ignore[assignment, method-assign]
    finder = BucketFinder(store)
    for number in range(2500):
        found = finder.find(f"{number:05d}.png")
        assert found is not None
        assert found.digest.startswith("etag:")
    assert finder.find("zz.png") is None
    assert finder.find("00000.pn") is None
    assert listings <= 6
