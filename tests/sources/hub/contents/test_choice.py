"""The configuration and split that a run names, or an error that lists what exists."""

from __future__ import annotations

import pytest

from vrdata.api.source import SourceSpec
from vrdata.sources.hub.contents.card import Config
from vrdata.sources.hub.contents.choice import chosen_files, tables_alone
from vrdata.sources.port import SourceNotFoundError

NAMES = [".gitattributes", "README.md", "m/test.csv", "m/train.csv", "v/test.csv"]
MAZES = Config("Mazes", {"test": ("m/test.csv",), "train": ("m/train.csv",)})
VISUAL = Config("Visual", {"test": ("v/*.csv",)})


def chosen(*configs: Config, **fields: object) -> list[str]:
    spec = SourceSpec.model_validate({"url": "hf://a/b", **fields})
    return chosen_files(spec, lambda: configs, NAMES)


def test_the_only_configuration_and_split_need_no_name() -> None:
    assert chosen(VISUAL) == ["v/test.csv"]
    assert chosen(MAZES, VISUAL, config="Visual") == ["v/test.csv"]
    assert chosen(MAZES, split="train") == ["m/train.csv"]


def test_a_marked_configuration_needs_no_name() -> None:
    marked = Config("Visual", VISUAL.splits, default=True)
    assert chosen(MAZES, marked) == ["v/test.csv"]
    assert chosen(MAZES, Config("default", VISUAL.splits)) == ["v/test.csv"]


def test_include_alone_chooses_among_all_files_and_reads_no_card() -> None:
    spec = SourceSpec(url="hf://a/b", include=("*.csv",))
    assert chosen_files(spec, pytest.fail, NAMES) == ["m/test.csv", "m/train.csv", "v/test.csv"]


@pytest.mark.parametrize(
    ("fields", "what", "why", "fix"),
    [
        ({}, "several configurations", "Mazes, Visual", "in source.config or --config"),
        ({"config": "mazes"}, "no configuration 'mazes'", "Mazes, Visual", "did you mean Mazes?"),
        ({"config": "x"}, "no configuration 'x'", "Mazes, Visual", "name one of them"),
        ({"config": "Mazes"}, "several splits", "test, train", "in source.split or --split"),
        ({"config": "Mazes", "split": "tests"}, "no split", "test, train", "did you mean test?"),
        ({"config": "Visual", "split": "train"}, "no split", "its splits: test", "name one"),
    ],
)
def test_an_unknown_or_missing_name_lists_what_exists(
    fields: dict[str, str], what: str, why: str, fix: str
) -> None:
    with pytest.raises(SourceNotFoundError) as caught:
        chosen(MAZES, VISUAL, **fields)
    assert what in caught.value.what
    assert why in caught.value.why
    assert fix in caught.value.fix


def test_files_that_accompany_tables_are_dropped() -> None:
    assert tables_alone(["a.parquet", "build.py", "notes.md", "b.png"]) == ["a.parquet", "b.png"]
    assert tables_alone(["a.txt", "a.png"]) == ["a.txt", "a.png"]
