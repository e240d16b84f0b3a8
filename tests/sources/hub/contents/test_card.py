"""Configurations and splits as `load_dataset` finds them."""

from __future__ import annotations

from pathlib import Path

import pytest

from vrdata.sources.hub.contents.card import (
    CardError,
    Config,
    card_of,
    configs_of,
    splits_by_name,
)

LAYOUTS: dict[str, list[str]] = {
    "one table": ["README.md", "rows.csv"],
    "names of files": ["train.csv", "test.csv", "a/validation_1.csv"],
    "words in names": ["my-train-1.csv", "x.eval.csv", "dev set.csv", "latest.csv"],
    "folders": ["data/train/1.csv", "data/train/sub/2.csv", "data/test/1.csv", "other/1.csv"],
    "folders with words": ["set_training_2/1.csv", "val 3/x.csv", "contest/y.csv"],
    "folders before files": ["train/1.csv", "test.csv"],
    "numbered": ["data/train-00000-of-00002.csv", "data/train-00001-of-00002.csv"],
    "numbered, other splits": [
        "data/zeta-00000-of-00001.csv",
        "data/test-00000-of-00001-abc.csv",
        "data/random-00000-of-00001.csv",
        "train.csv",
    ],
    "hidden and special": [".git/train.csv", "__cache__/test.csv", "a/.train.csv", "rows.csv"],
    "several words": ["testing/1.csv", "test/2.csv", "evaluation/3.csv", "valid/4.csv"],
}


def files(names: list[str]) -> dict[str, list[str]]:
    return Config("default").files(sorted(names))


@pytest.mark.slow
@pytest.mark.parametrize("names", LAYOUTS.values(), ids=LAYOUTS)
def test_names_give_the_splits_and_files_of_load_dataset(tmp_path: Path, names: list[str]) -> None:
    from datasets.data_files import DataFilesDict, get_data_patterns

    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("a\n1\n")
    patterns = get_data_patterns(str(tmp_path))
    found = DataFilesDict.from_local_or_remote(patterns, base_path=str(tmp_path))
    theirs = {
        split: list(dict.fromkeys(str(Path(one).relative_to(tmp_path)) for one in paths))
        for split, paths in found.items()
    }
    assert files(names) == theirs


@pytest.mark.slow
@pytest.mark.parametrize(
    "pattern",
    ["*.csv", "**", "data/*", "**/*.csv", "data/**", "*/1.csv", "data/[0-9]*.csv", "data/[!0-9]*",
     "data/?.csv", "./rows.csv", ".hidden/*", "**/README.md", "data/**/2.csv", "a[b].csv"],
)  # fmt: skip
def test_a_pattern_matches_what_it_matches_for_load_dataset(tmp_path: Path, pattern: str) -> None:
    from datasets.data_files import resolve_pattern

    names = ["rows.csv", "data/1.csv", "data/22.csv", "data/x.csv", "data/s/2.csv", "README.md"]
    names += [".hidden/1.csv", "ab.csv", "data/.x.csv", "d/README.md", "__s__/1.csv"]
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("a\n1\n")
    try:
        found = resolve_pattern(pattern, str(tmp_path))
    except FileNotFoundError:
        found = []
    theirs = [str(Path(one).relative_to(tmp_path)) for one in found]
    config = Config("c", {"train": (pattern,)})
    assert config.files(sorted(names))["train"] == sorted(theirs)


def test_names_without_words_are_one_split() -> None:
    assert files(["b.csv", "a.csv", "README.md"]) == {"train": ["a.csv", "b.csv"]}
    assert splits_by_name(["README.md", ".gitattributes"]) == {}


def test_the_card_names_configurations_splits_and_their_order() -> None:
    card = card_of(
        "---\nlicense: mit\nconfigs:\n"
        "- config_name: B\n  default: true\n  data_files:\n"
        "  - split: test\n    path: [z.csv, a.csv]\n  - split: dev\n    path: 'd/*.csv'\n"
        "- config_name: A\n  data_files: '*.csv'\n"
        "- config_name: 3\n  data_dir: ./d/\n---\ntext\n---\n"
    )
    configs = configs_of(card)
    names = ["a.csv", "d/test.csv", "d/train.csv", "z.csv"]
    assert [(one.name, one.default) for one in configs] == [("B", True), ("A", False), ("3", False)]
    assert [one.files(names) for one in configs] == [
        {"test": ["z.csv", "a.csv"], "dev": ["d/test.csv", "d/train.csv"]},
        {"train": ["a.csv", "z.csv"]},
        {"train": ["d/train.csv"], "test": ["d/test.csv"]},
    ]


@pytest.mark.parametrize(
    "readme",
    ["", "# Title", "---\nno end", "---\n- a list\n---\n", "--- \na: 1\n---\n", "---\n---\n"],
)
def test_a_readme_without_facts_has_one_configuration(readme: str) -> None:
    assert [config.name for config in configs_of(card_of(readme))] == ["default"]


@pytest.mark.parametrize(
    "configs",
    [
        "text",
        [{"data_files": "a.csv"}],
        ["name"],
        [{"config_name": "a", "data_files": [{"split": "test"}]}],
        [{"config_name": "a", "data_files": [{"split": "test", "path": [1]}]}],
        [{"config_name": "a", "data_files": [{"split": "test", "path": []}]}],
        [{"config_name": "a", "data_files": [{"path": "x.csv"}]}],
        [{"config_name": "a", "data_files": [{"split": "t", "path": "x"}] * 2}],
        [{"config_name": "a", "data_files": "hf://datasets/b/c/x.csv"}],
        [{"config_name": {"a": 1}}],
        [{"config_name": "a", "data_dir": ["b"]}],
        [{"config_name": "a", "data_files": [{"split": ["t"], "path": "x"}]}],
    ],
)
def test_configurations_of_another_form_are_refused(configs: object) -> None:
    with pytest.raises(CardError):
        configs_of({"configs": configs})
