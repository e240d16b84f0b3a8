"""Where a script writes its samples, although it gets another folder."""

from __future__ import annotations

import pytest

from vrdata_generators.adapter.pipeline.find import output_of
from vrdata_generators.adapter.pipeline.seen import Made, Seen


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
