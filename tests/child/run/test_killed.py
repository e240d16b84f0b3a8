"""What is collected of a block whose process was killed."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

from PIL import Image

from vrdata_child.report import Reporter
from vrdata_child.run.journal import Journal
from vrdata_child.run.lazy import EnoughSamples
from vrdata_child.sample.finish import BlockFacts

COUNT = 5


def write(folder: Path, *numbers: int) -> list[str]:
    """Write samples as a script does; returns their names in the journal."""
    journal = Journal(folder)
    names = [f"x_task/x_{number}" for number in numbers]
    for name in names:
        sample = folder / "out" / name
        sample.mkdir(parents=True)
        Image.new("RGB", (8, 8)).save(sample / "first_frame.png")
        (sample / "prompt.txt").write_text(f"Do {name}.")
        journal.write_to(name)
    return names


def collect(folder: Path, position: int) -> tuple[list[int], dict[str, Any]]:
    """The positions that are reported after `position` samples, and the summary."""
    packets: list[dict[str, Any]] = []
    load = {"kind": "repository", "sequential": True}
    request = {"want": COUNT, "count": COUNT, "position": position}
    facts = BlockFacts("O-x", 0, 1, 0, folder, "h264")
    reporter = Reporter(load, request, facts, packets.append)
    with contextlib.suppress(EnoughSamples):
        reporter.end_killed()
    assert {packet["event"] for packet in packets} <= {"sample"}, packets
    return [packet["position"] for packet in packets], reporter.summary()


def test_a_script_that_was_killed_keeps_all_but_its_last_folder(tmp_path: Path) -> None:
    write(tmp_path, 0, 1, 2)
    positions, summary = collect(tmp_path, 0)
    assert (positions, summary["failed"]) == ([0, 1], (2, 3))


def test_a_sample_that_was_being_reported_is_dropped_and_the_others_keep_their_places(
    tmp_path: Path,
) -> None:
    names = write(tmp_path, *range(COUNT))
    journal = Journal(tmp_path)
    journal.script_ended()
    for name in names[:3]:
        journal.report(name)
    (tmp_path / "out" / names[0]).rename(tmp_path / "moved 0")
    (tmp_path / "out" / names[1]).rename(tmp_path / "moved 1")
    positions, summary = collect(tmp_path, 2)
    assert (positions, summary["failed"]) == ([3, 4], (2, 2))


def test_the_last_sample_is_dropped_when_it_was_being_reported(tmp_path: Path) -> None:
    names = write(tmp_path, COUNT - 1)
    journal = Journal(tmp_path)
    for name in [*(f"x_task/x_{number}" for number in range(COUNT - 1)), *names]:
        journal.report(name)
    positions, summary = collect(tmp_path, COUNT - 1)
    assert (positions, summary["failed"]) == ([], (COUNT - 1, COUNT - 1))


def test_a_process_that_was_killed_at_its_start_has_nothing(tmp_path: Path) -> None:
    positions, summary = collect(tmp_path, 0)
    assert (positions, summary["failed"]) == ([], (0, COUNT - 1))
