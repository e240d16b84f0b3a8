"""What is known of a block whose script ended early."""

from __future__ import annotations

from pathlib import Path

import pytest

from vrdata_child.hermetic.folders import SampleFolder
from vrdata_child.run import journal as journals
from vrdata_child.run.ended import Written, ending, missing_of, without_half
from vrdata_child.run.journal import Journal, Progress, read_journal

FILES = frozenset({"first_frame.png", "prompt.txt", "ground_truth.mp4"})


def folders(*numbers: int, last: frozenset[str] = FILES) -> list[Written]:
    """Sample folders with these numbers; `last` = the files of the last one."""
    names = [f"x_task/x_{number:04d}" for number in numbers]
    contents = [FILES] * (len(names) - 1) + [last]
    return [
        Written(name, SampleFolder(Path("/out") / name, "x", files))
        for name, files in zip(names, contents, strict=True)
    ]


def progress(written: list[Written], *, left: bool = False, pairs: int = 0) -> Progress:
    """The journal of one writer that began these folders; `left` = and continued after the last."""
    found = Progress()
    for one in written:
        found.write_to("a", one.name)
    if left:
        found.unfinished.clear()
    found.pairs = [f"x_{number}" for number in range(pairs)]
    return found


def outcome(
    written: list[Written], journal: Progress, *, reported: int = 0, sequential: bool = True
) -> tuple[int, tuple[int, int] | None]:
    """How many samples are kept, and which failed."""
    ended = ending(written, journal, reported=reported, count=10, sequential=sequential)
    return len(ended.finished), ended.failed


def test_the_samples_before_the_one_that_failed_are_kept() -> None:
    written = folders(0, 1, 2, 3)
    assert outcome(written, progress(written, left=True)) == (4, (4, 4))


def test_the_last_folder_is_dropped_when_the_script_may_still_have_been_writing_it() -> None:
    written = folders(0, 1, 2, 3)
    assert outcome(written, progress(written)) == (3, (3, 4))


def test_a_last_folder_without_a_file_that_the_others_have_is_the_one_that_failed() -> None:
    written = folders(0, 1, 2, 3, last=frozenset({"first_frame.png", "prompt.txt"}))
    assert outcome(written, progress(written)) == (3, (3, 3))
    assert outcome(written, progress(written, left=True)) == (3, (3, 3))


def test_an_empty_last_folder_is_the_one_that_failed() -> None:
    written = folders(0, 1, 2, last=frozenset())
    assert outcome(written, progress(written)) == (2, (2, 2))


def test_nothing_is_kept_of_a_script_that_fills_its_folders_in_several_passes() -> None:
    written = folders(0, 1, 2, 3)
    assert outcome(written, progress(written, left=True), sequential=False) == (0, (0, 9))


@pytest.mark.parametrize("order", [(1, 0, 2), (0, 2, 1)])
def test_nothing_is_kept_when_folders_were_not_written_in_the_order_of_their_numbers(
    order: tuple[int, ...],
) -> None:
    written = folders(0, 1, 2)
    journal = progress([written[number] for number in order], left=True)
    assert outcome(written, journal) == (0, (0, 9))


def test_nothing_is_kept_when_a_number_is_missing() -> None:
    written = folders(0, 1, 3)
    assert outcome(written, progress(written, left=True)) == (0, (0, 9))


def test_nothing_is_kept_when_the_script_went_back_to_an_earlier_folder() -> None:
    written = folders(0, 1, 2)
    assert outcome(written, progress([*written, written[0]])) == (0, (0, 9))


def test_nothing_is_kept_of_folders_that_several_processes_wrote() -> None:
    written = folders(0, 1)
    journal = progress(written[:1])
    journal.write_to("another process", written[1].name)
    assert outcome(written, journal) == (0, (0, 9))


def test_without_any_folder_and_any_call_every_sample_may_have_failed() -> None:
    assert outcome([], Progress()) == (0, (0, 9))
    assert outcome([], Progress(), reported=4) == (0, (4, 9))


def test_calls_of_the_framework_name_the_sample_when_nothing_is_written() -> None:
    assert outcome([], Progress(pairs=["a", "b", "c"], in_call=True)) == (0, (2, 2))
    assert outcome([], Progress(pairs=["a", "b", "c"])) == (0, (3, 3))


def test_a_pair_that_the_script_was_writing_is_the_sample_that_failed() -> None:
    assert outcome([], Progress(pairs=["a", "b", "c"], held=True), reported=2) == (0, (2, 2))


def test_when_all_pairs_were_generated_any_sample_may_have_failed() -> None:
    every = [f"x_{number}" for number in range(10)]
    assert outcome([], Progress(pairs=every)) == (0, (0, 9))
    assert outcome([], Progress(pairs=every, in_call=True)) == (0, (9, 9))


def test_a_call_of_the_framework_after_the_last_folder_shows_that_it_is_finished() -> None:
    written = folders(0, 1)
    journal = Progress()
    for one in written:
        journal.begin_pair("a", one.name)
        journal.write_to("a", one.name)
    assert outcome(written, journal) == (1, (1, 1))
    journal.begin_pair("a", "third")
    assert outcome(written, journal) == (2, (2, 2))


def test_a_second_call_for_the_same_sample_does_not_finish_it() -> None:
    (written,) = folders(0)
    journal = Progress()
    journal.write_to("a", written.name)
    journal.begin_pair("a", "first")
    assert journal.unfinished == {"a": written.name}


def test_an_error_after_the_last_sample_costs_no_other() -> None:
    written = folders(*range(10))
    assert outcome(written, progress(written)) == (9, (9, 9))
    assert outcome(written, progress(written, left=True)) == (10, None)


def test_a_script_that_ends_without_an_error_drops_a_last_folder_that_lacks_a_file() -> None:
    written = folders(0, 1, 2, last=frozenset({"first_frame.png"}))
    assert without_half(written, 7) == written[:2]
    assert without_half(written, 0) == written


def test_samples_that_are_missing_at_the_end_are_named() -> None:
    assert missing_of(folders(*range(7)), 7, 0, 10) == (7, 7)
    assert missing_of(folders(0, 1, 3), 3, 0, 10) == (0, 9), "any of them"
    assert missing_of([], 0, 0, 10) == (0, 9)
    assert missing_of([], 0, 6, 10) == (6, 6)
    assert missing_of(folders(*range(10)), 10, 0, 10) is None


def test_a_script_that_tries_the_same_sample_again_without_end_does_not_fill_the_disk(
    tmp_path: Path,
) -> None:
    journal = Journal(tmp_path)
    for _ in range(1000):
        journal.begin_pair("x_0")
        journal.end_pair()
    assert len((tmp_path / "journal.jsonl").read_text().splitlines()) == 3
    assert (tmp_path / "begun").stat().st_size == 1
    progress = read_journal(tmp_path, set())
    assert (progress.pairs, progress.in_call) == (["x_0"], True)


def test_a_journal_that_is_full_proves_no_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journals, "MAX_EVENTS", 10)
    journal = Journal(tmp_path)
    for number in range(50):
        journal.write_to(f"x_{number}")
    assert len((tmp_path / "journal.jsonl").read_text().splitlines()) == 10
    assert not read_journal(tmp_path, {"x_0", "x_1"}).in_order


def test_a_line_that_was_cut_ends_the_journal(tmp_path: Path) -> None:
    Journal(tmp_path).begin_pair("x_0")
    with (tmp_path / "journal.jsonl").open("a") as file:
        file.write('["1-2", "pa')
    assert read_journal(tmp_path, set()).pairs == ["x_0"]


def test_no_sample_is_named_when_several_threads_generate_pairs() -> None:
    journal = Progress()
    journal.begin_pair("a", "x_0")
    journal.begin_pair("b", "x_1")
    journal.in_call = False
    assert outcome([], journal) == (0, (0, 9))
