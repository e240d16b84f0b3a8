"""What `generators add` observes of a script: whether it streams, and what else it writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.generators.repositories import GENERATE, RunningInterpreter, write_repository
from support.generators.traps import write_trap
from vrdata_generators.adapter.adding import Added, Adder
from vrdata_generators.adapter.home import Home
from vrdata_generators.adapter.source.locations import GeneratorSource

pytestmark = pytest.mark.slow

PASSES = """
    for index in range(arguments.num_samples):
        path = Path(arguments.output) / "square_task" / f"square_{index:08d}" / "goal.txt"
        path.write_text("Done.")
"""
BESIDE = """
    (Path(arguments.output) / "square_task" / "dataset.json").write_text("{}")
    for name in ("README.md", "square_task/square_00000003/.DS_Store"):
        (Path(arguments.output) / name).write_text("")
"""


def add(folder: Path, repository: Path) -> Added:
    adder = Adder(Home(folder / "home"), RunningInterpreter(), True, lambda _line: None)
    (added,) = adder.add(GeneratorSource(str(repository)))
    assert isinstance(added, Added), added.error
    return added


def with_end(folder: Path, end: str) -> Path:
    """A repository whose script has a loop of its own, and this code after it."""
    main = "\n\nif __name__"
    return write_repository(
        folder / "O-square", {"examples/generate.py": GENERATE.replace(main, end + main)}
    )


@pytest.mark.parametrize(
    ("trap", "mode"), [("shared", "stream"), ("overriding", "whole"), ("listed", "whole")]
)
def test_only_a_script_whose_samples_arrive_one_at_a_time_streams(
    tmp_path: Path, trap: str, mode: str
) -> None:
    repository = write_trap(tmp_path, "shared" if trap == "listed" else trap)
    if trap == "listed":
        script = repository / "examples/generate.py"
        text = script.read_text()
        script.write_text(
            text.replace("generator.generate_dataset()", "[*generator.generate_dataset()]")
        )
    entry = add(tmp_path, repository).entry
    assert (entry.mode, entry.sequential) == (mode, True)


def test_a_script_that_fills_its_folders_in_several_passes_is_not_sequential(
    tmp_path: Path,
) -> None:
    entry = add(tmp_path, with_end(tmp_path, PASSES)).entry
    assert (entry.mode, entry.sequential) == ("whole", False)


def test_files_beside_the_sample_folders_are_named_in_a_warning(tmp_path: Path) -> None:
    warnings = add(tmp_path, with_end(tmp_path, BESIDE)).warnings
    (warning,) = (one for one in warnings if "beside" in one)
    number, names = warning.split(": ")
    assert number == "3 files beside the sample folders are not stored"
    assert names.split(", ") == [
        "README.md",
        "square_task/dataset.json",
        "square_task/square_00000003/.DS_Store",
    ]
