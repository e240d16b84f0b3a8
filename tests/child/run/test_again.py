"""A block that goes on after a failed sample: in the same process, or in a new one."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from vrdata_child.raised import depends_on_machine
from vrdata_child.report import Reporter
from vrdata_child.run.journal import Journal, read_journal
from vrdata_child.run.lazy import DependentSamplesError, EnoughSamples, LazyDataset, install_lazy
from vrdata_child.sample.finish import BlockFacts
from vrdata_child.sample.names import digest_of

COUNT = 6


class Block:
    """The reports of a streaming script whose pairs are numbers.

    Args:
        folder: of the block.
        position: of the first sample that is not done.
        offset: of the numbers in the names of folders.
        known: a sample that was made before, and its digest.
    """

    def __init__(
        self,
        folder: Path,
        position: int = 0,
        offset: int = 0,
        known: tuple[int, str] | None = None,
    ) -> None:
        self.packets: list[dict[str, Any]] = []
        load = {"kind": "repository", "sequential": True}
        request = {"cmd": "block", "want": COUNT, "count": COUNT, "position": position}
        if known:
            request["known"] = {"position": known[0], "digest": known[1]}
        facts = BlockFacts("O-x", 0, 1, 0, folder, "h264")
        self.reporter = Reporter(load, request, facts, self.packets.append)
        self._folder, self._offset = folder, offset
        self.journal = Journal(folder)
        self.calls = 0

    def run(
        self,
        bad: dict[int, BaseException] | None = None,
        *,
        counts: bool = False,
        base: int = 0,
        flaky: int | None = None,
    ) -> None:
        """Write all samples until the block ends.

        Args:
            bad: what the generator raises for which number.
            counts: the text of a sample is the number of calls so far.
            base: what this number begins with.
            flaky: the number for which it raises another error each time.
        """

        def generate(task_id: str) -> tuple[int, str]:
            self.calls += 1
            number = int(task_id[-3:])
            if error := (bad or {}).get(number):
                raise error
            if number == flaky:
                raise ValueError(f"call {self.calls}")
            return number, str(base + self.calls if counts else number)

        ids = [f"x_{number:03d}" for number in range(COUNT)]
        try:
            for number, text in LazyDataset(ids, generate, self.reporter, self.journal):
                self._write(number, text)
        except (EnoughSamples, DependentSamplesError):
            pass

    def _write(self, number: int, text: str) -> None:
        sample = self._folder / "out/x_task" / f"x_{number + self._offset:03d}"
        sample.mkdir(parents=True)
        Image.new("RGB", (8, 8)).save(sample / "first_frame.png")
        (sample / "prompt.txt").write_text(f"Do {text}.")

    @property
    def reported(self) -> dict[int, str]:
        """The event of each position."""
        return {packet["position"]: packet["event"] for packet in self.packets}


def test_a_pair_that_raises_is_invalid_and_the_next_ones_are_reported(tmp_path: Path) -> None:
    block = Block(tmp_path)
    block.run({2: ValueError("no"), 5: SystemExit(3)})
    assert block.reported == {
        position: "invalid" if position in (2, 5) else "sample" for position in range(COUNT)
    }
    assert block.packets[2]["message"] == "ValueError: no"
    assert block.packets[5]["message"] == "ScriptExitError: generate.py exited with 3"
    assert block.reporter.summary()["dependent"] is False


def test_after_a_gap_a_folder_must_have_the_number_of_its_pair(tmp_path: Path) -> None:
    block = Block(tmp_path, offset=1)
    block.run({2: ValueError("no")})
    assert list(block.reported) == [0, 1, 2]
    assert block.reporter.summary()["dependent"] is True


@pytest.mark.parametrize(
    "error",
    [MemoryError(), OSError(errno.ENOSPC, "full"), RuntimeError("can't start new thread")],
    ids=["memory", "disk", "threads"],
)
def test_a_pair_whose_error_may_depend_on_the_machine_ends_the_block(
    tmp_path: Path, error: Exception
) -> None:
    wrapped = RuntimeError("cannot paint")
    wrapped.__cause__ = error
    for number, raised in enumerate((error, wrapped)):
        folder = tmp_path / str(number)
        folder.mkdir()
        block = Block(folder)
        with pytest.raises(type(raised)):
            block.run({2: raised})
        assert list(block.reported) == [0, 1]
    assert not depends_on_machine(ValueError("no"))


def test_a_new_process_makes_each_sample_twice_and_reports_it_once(tmp_path: Path) -> None:
    block = Block(tmp_path, position=3)
    block.run()
    assert block.reported == dict.fromkeys((3, 4, 5), "sample")
    assert block.calls == 6
    folders = sorted(path.name for path in (tmp_path / "done").iterdir())
    assert folders == ["000003", "000004", "000005"]


def test_a_new_process_ends_when_the_two_are_not_equal(tmp_path: Path) -> None:
    block = Block(tmp_path, position=3)
    block.run(counts=True)
    assert block.reported == {}
    assert block.reporter.summary()["dependent"] is True


@pytest.fixture
def digest(tmp_path: Path) -> str:
    """Of the sample at position 1."""
    folder = tmp_path / "whole"
    folder.mkdir()
    block = Block(folder)
    block.run()
    return digest_of((file["name"], file["sha256"]) for file in block.packets[1]["files"])


def test_a_new_process_makes_a_known_sample_again_and_does_not_report_it(
    tmp_path: Path, digest: str
) -> None:
    block = Block(tmp_path, position=3, known=(1, digest))
    block.run()
    assert block.reported == dict.fromkeys((3, 4, 5), "sample")
    assert block.calls == 7
    assert len(list((tmp_path / "done").iterdir())) == 3


@pytest.mark.parametrize("error", [None, ValueError("no"), MemoryError()])
def test_a_new_process_ends_when_a_known_sample_is_another_one(
    tmp_path: Path, digest: str, error: BaseException | None
) -> None:
    block = Block(tmp_path, position=3, known=(1, digest))
    try:
        block.run({1: error} if error else None, counts=error is None, base=5)
    except MemoryError:
        block.reporter.end_early()
    assert block.reported == {}
    summary = block.reporter.summary()
    assert (summary["dependent"], summary["reported"]) == (True, 3)


def test_a_new_process_reports_a_pair_that_raises_both_times(tmp_path: Path) -> None:
    block = Block(tmp_path, position=3)
    block.run({4: ValueError("no")})
    assert block.reported == {3: "sample", 4: "invalid", 5: "sample"}


def test_an_error_that_a_pair_raises_only_once_is_not_trusted(tmp_path: Path) -> None:
    block = Block(tmp_path, position=3)
    block.run(flaky=4)
    assert block.reported == {3: "sample"}
    assert block.reporter.summary()["dependent"] is True


def test_a_script_that_reads_its_pairs_by_number_cannot_begin_in_the_middle(
    tmp_path: Path,
) -> None:
    block = Block(tmp_path, position=3)
    pairs = LazyDataset(["x_0"], lambda name: name, block.reporter, block.journal)
    with pytest.raises(DependentSamplesError):
        pairs[0]


def test_a_framework_that_needs_its_pairs_cannot_begin_in_the_middle(tmp_path: Path) -> None:
    class Base:
        def generate_dataset(self) -> Iterator[str]:
            return iter("abc")

    block = Block(tmp_path, position=3)
    install_lazy(Base, block.reporter, block.journal)
    with pytest.raises(DependentSamplesError):
        Base().generate_dataset()
    with pytest.raises(DependentSamplesError):
        block.reporter.end()


def test_a_missed_pair_has_a_place_in_the_journal(tmp_path: Path) -> None:
    block = Block(tmp_path)
    block.reporter.follow(block.journal, nullcontext)
    block.run({1: ValueError("no")})
    assert read_journal(tmp_path, frozenset()).reports == [
        "x_task/x_000",
        "",
        *(f"x_task/x_{number:03d}" for number in range(2, COUNT)),
    ]
