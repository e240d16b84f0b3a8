"""What verify reports although no byte is wrong: runs without samples, and duplicates."""

from __future__ import annotations

import pytest

from support.builders import build_finished_run, make_plan, sample_files
from support.memorystore import MemoryStore
from vrdata.cli.verify import summary_lines
from vrdata.dataset.finish.duplicates import DuplicateExample, duplicates_line
from vrdata.dataset.verify.run import verify

NAME = "O-1_maze"
PLAN = make_plan({NAME: 5})


def test_a_finished_run_without_a_sample_is_a_problem() -> None:
    store = MemoryStore()
    build_finished_run(store, PLAN, failed={(NAME, index) for index in range(5)})
    report = verify(store)
    assert (report.ok, report.samples) == (False, 0)
    assert report.problem_counts == {"NoSamples": 1}
    assert "0 samples" in report.problems[0].message
    assert summary_lines(report)[0].startswith("NOT verified: 0 samples in 2 of 2 shards")


def test_a_run_with_one_sample_is_verified() -> None:
    store = MemoryStore()
    build_finished_run(store, PLAN, failed={(NAME, index) for index in range(4)})
    assert verify(store).ok


def test_samples_that_were_dropped_are_listed_with_their_reasons() -> None:
    plan, store = make_plan({NAME: 60, "O-2_tiles": 2}), MemoryStore()
    failed = {(NAME, index) for index in range(3, 53, 2)} | {("O-2_tiles", 0)}
    build_finished_run(store, plan, failed=failed)
    report = verify(store, decode=False)
    assert report.ok, report.problems
    assert [(one.generator, one.samples) for one in report.failures] == [
        (NAME, 25),
        ("O-2_tiles", 1),
    ]
    listed = [(one.generator, one.sample) for one in report.dropped_samples]
    assert listed == [(NAME, index) for index in range(3, 43, 2)] + [("O-2_tiles", 0)]
    said = summary_lines(report)
    at = said.index(f"dropped: {NAME}: EmptyPrompt, 25 samples, first at sample 3\n    no text")
    assert said[at + 1].startswith("    samples: 3, 5, 7,")
    assert said[at + 1].endswith(", 41 and 5 more")
    assert report.to_dict()["droppedSamples"][0] == {
        "generator": NAME,
        "sample": 3,
        "reason": "EmptyPrompt",
        "message": "no text",
    }


@pytest.mark.parametrize("decode", [True, False])
def test_duplicates_are_counted_and_the_first_is_named(decode: bool) -> None:
    def copy(index: int, files: dict[str, bytes]) -> None:
        if index >= 3:
            same = sample_files(PLAN, NAME, 1)
            files.update({name: same[name] for name in files if name != "metadata.json"})

    store = MemoryStore()
    summary = build_finished_run(store, PLAN, change=copy)
    report = verify(store, decode=decode)
    assert report.ok, report.problems
    assert report.duplicates == summary.duplicates == 2
    assert report.duplicate_examples == summary.duplicate_examples
    (warning,) = [line for line in summary_lines(report) if "warning" in line]
    assert "2 samples with" in warning
    assert f"{NAME}/maze_00000003 equals {NAME}/maze_00000001" in warning


def test_the_warning_agrees_with_the_number() -> None:
    example = DuplicateExample(sample="O-a/a_1", original="O-a/a_0")
    assert duplicates_line(0, (), ()) == ""
    line = duplicates_line(1, [example], ["prompt.txt"])
    assert line.startswith("warning: 1 sample with the frames and prompt of an earlier sample")
    assert line.endswith(": O-a/a_1 equals O-a/a_0")
