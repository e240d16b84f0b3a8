"""Pin a dataset of the Hub, and fetch only what its items need."""

from __future__ import annotations

import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from huggingface_hub import constants

from sources.hub.conftest import CARD, FILE, NAME, URL, puzzles
from support.services.hub.listing import entry
from support.services.hub.server import TOKEN, Hub
from vrdata.api.source import SourceSpec
from vrdata.plan.sources import PlannedSource
from vrdata.sources.hub.requests.remote import FIRST_READ
from vrdata.sources.hub.source import HubSource
from vrdata.sources.opening import open_planned, open_source
from vrdata.sources.port import Part, Resolved, SourceNotFoundError


def listed(source: HubSource, limit: int | None = None) -> list[Part]:
    return list(source.resolve(limit).parts)


def stage(source: HubSource, part: Part, folder: Path) -> Path:
    folder.mkdir()
    source.stage(part, folder)
    return folder / part.files[0].name


def test_a_revision_becomes_a_commit(puzzle_hub: Hub, source: HubSource) -> None:
    resolved = source.resolve(None)
    assert resolved.revision == puzzle_hub.repositories[NAME].branches["main"]
    assert resolved.licence == "mit"
    assert sum(part.items for part in resolved.parts) == 200


def test_a_part_is_a_row_group_that_pyarrow_reads_from_the_staged_file(
    source: HubSource, tmp_path: Path
) -> None:
    part = listed(source)[3]
    assert (part.first, part.items, part.group, part.key(61)) == (60, 20, 3, f"{FILE}#61")
    table = pq.ParquetFile(stage(source, part, tmp_path / "3")).read_row_group(3)
    assert table["id"].to_pylist() == [f"maze_{number}" for number in range(60, 80)]


def test_files_that_the_hub_stores_with_xet_are_read_without_its_package(
    puzzle_hub: Hub, source: HubSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = puzzle_hub.repositories[NAME]
    blob = repository.commits[repository.branches["main"]][FILE]
    assert "xetHash" in entry(FILE, blob)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", False)
    monkeypatch.setitem(sys.modules, "hf_xet", None)  # importing it fails
    part = listed(source)[3]
    assert pq.ParquetFile(stage(source, part, tmp_path / "3")).read_row_group(3).num_rows == 20


def test_only_the_row_groups_that_a_limit_needs_are_fetched(hub: Hub, tmp_path: Path) -> None:
    body = puzzles(5000, 100)
    hub.create(NAME, {"README.md": CARD.encode(), FILE: body})
    source = HubSource(SourceSpec(url=URL, config="Mazes", split="test"))
    parts = listed(source, 250)
    assert [(part.first, part.items) for part in parts] == [(0, 100), (100, 100), (200, 50)]
    footer_requests = len(hub.fetched(FILE))
    assert footer_requests <= 2

    for number, part in enumerate(parts):
        stage(source, part, tmp_path / str(number))
    # One range for each row group, one for the start of the file, one for its footer.
    assert len(hub.fetched(FILE)) - footer_requests <= len(parts) + 2
    footer = int.from_bytes(body[-8:-4], "little") + 8
    groups = sum(part.bytes - footer for part in parts)
    assert groups < len(body) / 15
    assert hub.sent(FILE) <= groups + 2 * max(footer, FIRST_READ) + 4  # to list, and to stage


def test_the_pinned_commit_is_used_after_the_branch_moves(
    puzzle_hub: Hub, source: HubSource, tmp_path: Path
) -> None:
    resolved = source.resolve(None)
    before = list(resolved.parts)
    puzzle_hub.repositories[NAME].commit({FILE: puzzles(60, 30), "README.md": b"other"})

    planned = PlannedSource(
        url=URL,
        config="Mazes",
        split="test",
        revision=resolved.revision,
        items=200,
        digest="sha256:" + "0" * 64,
    )
    again = open_planned(planned)
    assert list(again.resolve(None).parts) == before
    path = stage(open_planned(planned), before[9], tmp_path / "9")  # type: ignore[arg-type]
    assert pq.ParquetFile(path).read_row_group(9).num_rows == 20


def test_a_listing_in_pages_is_read_to_its_end(puzzle_hub: Hub, source: HubSource) -> None:
    puzzle_hub.page = 2
    assert sum(part.items for part in listed(source)) == 200
    assert sum("/tree/" in request.path for request in puzzle_hub.requests) == 4


def test_a_branch_a_tag_and_a_commit_can_be_named(puzzle_hub: Hub) -> None:
    repository = puzzle_hub.repositories[NAME]
    new = repository.commit({FILE: puzzles(20, 20), "README.md": CARD.encode()}, "try/new")

    def pin(revision: str) -> Resolved:
        spec = SourceSpec(url=URL, config="Mazes", split="test", revision=revision)
        return open_source(spec).resolve(None)

    assert pin("try/new").revision == new
    assert pin(new).revision == new
    with pytest.raises(SourceNotFoundError) as caught:
        pin("v2")
    assert caught.value.why == "its branches and tags: main, try/new"


def test_the_token_reaches_the_hub_and_never_the_server_it_redirects_to(
    puzzle_hub: Hub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    source = HubSource(SourceSpec(url=URL, config="Mazes", split="test"))
    stage(source, listed(source, 1)[0], tmp_path / "0")
    assert {request.token for request in puzzle_hub.requests if request.server == "hub"} == {True}
    assert {request.token for request in puzzle_hub.requests if request.server == "cdn"} == {False}


def test_images_without_a_table_are_items_with_their_companions(hub: Hub, tmp_path: Path) -> None:
    files = {
        "data/b.png": b"second",
        "data/a.png": b"first",
        "data/a.txt": b"a note",
        "README.md": b"# Pictures",
    }
    hub.create(NAME, files)
    source = HubSource(SourceSpec(url=URL))
    parts = listed(source)
    assert [[file.name for file in part.files] for part in parts] == [
        ["data/a.png", "data/a.txt"],
        ["data/b.png"],
    ]
    assert stage(source, parts[0], tmp_path / "a").read_bytes() == b"first"
    assert (tmp_path / "a/data/a.txt").read_bytes() == b"a note"


def test_scripts_and_notes_beside_tables_are_not_items(hub: Hub) -> None:
    files = {
        "rows.jsonl": b'{"a": 1}\n' * 3,
        "build.py": b"pass",
        "notes.txt": b"x",
        "LICENSE": b"",
    }
    hub.create(NAME, files)
    assert [(part.format, part.items) for part in listed(HubSource(SourceSpec(url=URL)))] == [
        ("jsonl", 3)
    ]


def test_contents_list_configurations_and_splits(source: HubSource) -> None:
    assert source.contents().configs == {"Mazes": ("test", "minitest"), "ARC_AGI_2": ("test",)}


def test_the_items_of_an_image_folder_are_its_rows_with_their_files(
    hub: Hub, tmp_path: Path
) -> None:
    rows = b"file_name,text\n0001.png,a\nmore/0002.png,b\n"
    images = {f"train/{name}": name.encode() for name in ("0001.png", "more/0002.png")}
    hub.create(NAME, {"train/metadata.csv": rows, **images})
    source = HubSource(SourceSpec(url=URL))
    parts = listed(source)
    assert [[file.name for file in part.files[1:]] for part in parts] == [[one] for one in images]
    assert (
        stage(source, parts[1], tmp_path / "1").read_bytes() == b"file_name,text\nmore/0002.png,b\n"
    )
    assert (tmp_path / "1/train/more/0002.png").read_bytes() == b"more/0002.png"
    assert all(file.digest for part in parts for file in part.files)
