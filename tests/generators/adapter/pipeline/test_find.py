"""Where a script writes its samples, and which argument names an item."""

from __future__ import annotations

import pytest

from vrdata_generators.adapter.pipeline.find import item_of, output_of
from vrdata_generators.adapter.pipeline.seen import Call, Function, Made, Seen


@pytest.mark.parametrize(
    ("folders", "expected"),
    [
        (("out/a_task/0", "out/a_task/1"), ""),
        (("cwd/results/a_task/0", "cwd/results/a_task/1"), "results"),
        (("cwd/results/0", "cwd/results/1"), "results"),
        (("root/home/x/results/a/0", "root/home/x/results/b/0"), "/home/x/results"),
    ],
)
def test_the_folder_above_the_tasks_is_the_output(folders: tuple[str, ...], expected: str) -> None:
    samples = [Made(folder, time, ["prompt.txt"]) for time, folder in enumerate(folders)]
    assert output_of(Seen(samples=samples)) == expected


@pytest.mark.parametrize(
    ("calls", "expected"),
    [
        ([{"mask": "raw/m", "image": "raw/a"}, {"mask": "raw/m", "image": "raw/b"}], "image"),
        ([{"image": "raw/a", "mask": "raw/m"}, {"image": "raw/b", "mask": "raw/n"}], "image"),
        ([{"image": "raw/a"}, {"image": "raw/a"}], ""),
        ([{"image": "raw/a"}, {}], ""),
        ([{}, {"image": "raw/a"}], ""),
        ([{"one.\n": "raw/a"}, {"one.\n": "raw/b"}], ""),
    ],
)
def test_an_item_is_named_by_an_argument_that_is_another_file_in_each_call(
    calls: list[dict[str, str]], expected: str
) -> None:
    seen = [Call(at, at + 1, 7, {}, 0.1, named) for at, named in enumerate(calls)]
    assert item_of(Function(module="m", name="f", calls=seen)) == expected
