"""The summary that `vrdata run` prints at its end."""

from __future__ import annotations

from vrdata.dataset.finish.duplicates import DuplicateExample
from vrdata.local.finish import RunSummary

SUMMARY = RunSummary(
    run="demo",
    namespace="default",
    phase="Succeeded",
    plan="sha256:1",
    output="/out/default/demo/",
    samples=10,
    shards=1,
    generated_shards=1,
    seconds=2.0,
    exit_code=0,
)


def test_duplicates_are_a_warning_with_their_number_and_the_first_pair() -> None:
    examples = (
        DuplicateExample(sample="O-maze/maze_00000004", original="O-maze/maze_00000001"),
        DuplicateExample(sample="O-maze/maze_00000005", original="O-maze/maze_00000001"),
    )
    found = SUMMARY.model_copy(update={"duplicates": 2, "duplicate_examples": examples})
    (warning,) = [line for line in found.lines() if "warning" in line]
    assert warning == (
        "warning: 2 samples with the frames and prompt of an earlier sample:"
        " O-maze/maze_00000004 equals O-maze/maze_00000001"
    )
    assert found.to_dict()["duplicateExamples"][1]["sample"] == "O-maze/maze_00000005"


def test_a_run_without_duplicates_prints_no_warning() -> None:
    assert not [line for line in SUMMARY.lines() if "warning" in line]
