"""A dataset of the Hub whose files are staged together."""

from __future__ import annotations

from pathlib import Path

import pytest

from sources.hub.conftest import FILE, NAME, URL
from support.services.hub.server import Hub
from vrdata.api.source import SourceSpec
from vrdata.sources.opening import open_source
from vrdata.sources.port import Part, SourceNotFoundError

MINI = "minitest_Vision-Centric_Reasoning/Mazes.parquet"


def listed(**spec: object) -> list[Part]:
    wanted = SourceSpec.model_validate({"url": URL} | spec)
    return list(open_source(wanted, whole=True).resolve(None).parts)


def names(**spec: object) -> list[str]:
    return [part.files[0].name for part in listed(**spec)]


@pytest.mark.usefixtures("puzzle_hub")
@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({}, ["README.md", "Vision-Centric_Reasoning/ARC_AGI_2.parquet", FILE, MINI]),
        ({"config": "Mazes"}, ["README.md", FILE, MINI]),
        ({"include": ["Vision*/*"]}, ["Vision-Centric_Reasoning/ARC_AGI_2.parquet", FILE]),
        ({"config": "Mazes", "include": ["mini*/*"]}, [MINI]),
    ],
)
def test_the_files_are_all_or_those_of_a_configuration_and_of_globs(
    spec: dict[str, object], expected: list[str]
) -> None:
    assert names(**spec) == expected


def test_tables_are_not_divided_and_only_the_card_is_read(puzzle_hub: Hub) -> None:
    found = listed()
    assert [(part.first, part.items, part.format, part.group) for part in found] == [
        (number, 1, "files", None) for number in range(4)
    ]
    assert not any(file.ranges for part in found for file in part.files)
    assert all(file.digest for part in found for file in part.files)
    assert not puzzle_hub.fetched(FILE)


def test_a_file_is_staged_as_it_was_at_the_pinned_commit(puzzle_hub: Hub, tmp_path: Path) -> None:
    source = open_source(SourceSpec(url=URL), whole=True)
    resolved = source.resolve(None)
    part = next(part for part in resolved.parts if part.files[0].name == FILE)
    repository = puzzle_hub.repositories[NAME]
    body = repository.commits[resolved.revision][FILE].content
    assert resolved.licence == "mit"
    repository.commit({FILE: b"other"})
    source.stage(part, tmp_path)
    assert (tmp_path / FILE).read_bytes() == body


@pytest.mark.usefixtures("puzzle_hub")
def test_what_does_not_exist_is_named() -> None:
    with pytest.raises(SourceNotFoundError, match="has no configuration 'Maze'"):
        names(config="Maze")
    with pytest.raises(SourceNotFoundError, match="no file that"):
        names(include=["*.nii"])
