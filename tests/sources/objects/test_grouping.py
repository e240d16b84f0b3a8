"""Files with the same stem in the same folder belong to one item."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vrdata.errors import InvalidInputError
from vrdata.sources.objects.grouping import grouped
from vrdata.sources.objects.listing import Listed

PART = st.text("ab-.", min_size=1, max_size=4).filter(lambda part: part.strip("."))
NAME = st.lists(PART, min_size=1, max_size=3).map("/".join)


def items(*names: str, include: tuple[str, ...] = ()) -> list[list[str]]:
    listed = [Listed(name, 1) for name in sorted(names, key=str.encode)]
    return [[one.name for one in group.files] for group in grouped(listed, include)]


def stem(name: str) -> str:
    folder, _, base = name.rpartition("/")
    inner, dot, _ = base.rpartition(".")
    return f"{folder}/{inner}." if inner and dot else name


def test_a_recording_and_its_video_are_one_item() -> None:
    assert items("r/1.mcap", "r/1.mkv", "r/2.mcap", "r/2.mkv", "1.mcap") == [
        ["1.mcap"],
        ["r/1.mcap", "r/1.mkv"],
        ["r/2.mcap", "r/2.mkv"],
    ]


def test_the_instruction_of_a_recording_belongs_to_it() -> None:
    names = ["r/1.instruction.txt", "r/1.mcap", "r/1.mkv"]
    assert items(*names, include=("*.mcap",)) == [["r/1.mcap", names[0], "r/1.mkv"]]


def test_a_companion_can_be_left_out() -> None:
    names = ["1.instruction.txt", "1.mcap", "1.mkv", "2.mcap", "2.mkv"]
    found = items(*names, include=("*.mcap", "!*.mkv"))
    assert found == [["1.mcap", "1.instruction.txt"], ["2.mcap"]]
    assert items(*names, include=("!*.mkv",)) == [["1.instruction.txt", "1.mcap"], ["2.mcap"]]


def test_stems_end_at_the_last_dot() -> None:
    names = ["v1.0.mcap", "v1.0.mkv", "v1.1.mcap", "v1.1.mkv"]
    assert items(*names) == [names[:2], names[2:]]


def test_files_of_an_item_stay_together_when_others_sort_between_them() -> None:
    assert items("a.mcap", "a.me.txt", "a.mkv", "a.d/x.png", "a-b.mcap") == [
        ["a-b.mcap"],
        ["a.d/x.png"],
        ["a.me.txt"],
        ["a.mcap", "a.mkv"],
    ]


def test_an_included_file_brings_its_companions() -> None:
    names = ["1.mcap", "1.mkv", "2.mkv", "notes.txt"]
    assert items(*names, include=("*.mcap",)) == [["1.mcap", "1.mkv"]]


def test_the_included_file_gives_the_key() -> None:
    assert items("1.json", "1.png", include=("*.png",)) == [["1.png", "1.json"]]


def test_a_glob_with_a_closing_slash_makes_one_item_of_each_folder() -> None:
    names = ["a/1.png", "a/x/2.png", "a/x.csv", "b-c/1.png", "b/.hidden", "b/README.md", "c.png"]
    assert items(*names, include=("*/",)) == [
        ["a/1.png", "a/x.csv", "a/x/2.png"],
        ["b-c/1.png"],
        ["b/README.md"],
    ]


def test_a_table_beside_a_video_is_its_companion() -> None:
    assert items("1.csv", "1.mp4", "2.csv", "2.mp4") == [["1.mp4", "1.csv"], ["2.mp4", "2.csv"]]


def test_documents_are_not_items_unless_a_glob_includes_them() -> None:
    names = ["README.md", "LICENSE", "dataset_info.json", "state.json", "a.png"]
    assert items(*names) == [["a.png"]]
    assert items(*names, include=("*.md",)) == [["README.md"]]


def test_tables_with_equal_stems_are_tables_each() -> None:
    assert items("a.csv", "a.parquet") == [["a.csv"], ["a.parquet"]]


def test_tables_beside_other_files_are_refused_until_a_glob_chooses() -> None:
    names = ["images/1.png", "metadata.csv"]
    with pytest.raises(InvalidInputError, match=r"tables \(metadata\.csv\) and other files"):
        items(*names)
    assert items(*names, include=("*.csv",)) == [["metadata.csv"]]
    assert items(*names, include=("*.png",)) == [["images/1.png"]]


@given(st.sets(NAME))
def test_each_visible_file_is_in_exactly_one_item_with_those_of_its_stem(names: set[str]) -> None:
    found = items(*names)
    visible = [name for name in names if not any(part[0] == "." for part in name.split("/"))]
    assert Counter(name for item in found for name in item) == Counter(visible)
    assert Counter(stem(item[0]) for item in found) == Counter({stem(name) for name in visible})
    for item in found:
        assert len({stem(name) for name in item}) == 1
