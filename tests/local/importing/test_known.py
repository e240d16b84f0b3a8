"""Names, URLs and paths of datasets."""

from __future__ import annotations

import pytest

from vrdata.errors import NotFoundError, UsageError
from vrdata.local.importing.known import find_dataset, slug


@pytest.mark.parametrize("name", ["videothinkbench", "VideoThinkBench", "VIDEOTHINKBENCH"])
def test_a_known_name_is_found_in_any_case(name: str) -> None:
    found = find_dataset(name)
    assert (found.url, found.prefix) == ("hf://OpenMOSS-Team/VideoThinkBench", "vtb")
    assert len(found.configs) == 4
    assert found.split == "test"


@pytest.mark.parametrize(
    ("url", "prefix"),
    [
        ("hf://org/My-Set", "my_set"),
        ("s3://bucket/some/prefix/", "prefix"),
        ("data/puzzles.parquet", "puzzles"),
        ("./rows.jsonl", "rows"),
        ("数据", "data"),
    ],
)
def test_another_source_gives_its_last_name_to_the_ids(url: str, prefix: str) -> None:
    found = find_dataset(url, path="" if "://" in url else url)
    assert (found.url, found.prefix, found.configs) == (url, prefix, ())


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(NotFoundError, match="videothinkbench"):
        find_dataset("videothinkbanch")


def test_a_repository_of_the_hub_without_its_scheme_gets_the_command_that_works() -> None:
    with pytest.raises(NotFoundError, match="vrdata import hf://org/name"):
        find_dataset("org/name")


def test_an_empty_name_is_refused() -> None:
    with pytest.raises(UsageError, match="is empty"):
        find_dataset(" ")


def test_a_slug_is_short_and_can_be_part_of_a_run_name() -> None:
    assert slug("A b--c.d") == "a_b_c_d"
    assert len(slug("x" * 99)) == 24
    assert slug("--") == "data"
