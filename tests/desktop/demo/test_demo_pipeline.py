"""All stages on made recordings of each generation, down to the pixels."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import datasets
import pytest

from support.cli import called
from support.desktop.demos import frame_number, frames
from vrdata.desktop.demo.making import make_recordings
from vrdata.desktop.demo.messages import GENERATIONS
from vrdata.desktop.pictures.loading import Pictures

SIZE = (240, 160)
NUMBERS = range(len(GENERATIONS))


def run(*arguments: object) -> str:
    done = called("desktop", *arguments)
    assert (done.code, done.err) == (0, "")
    return done.out


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Path], list[dict[str, Any]]]:
    """The recordings, and the rows of their sequences."""
    folder = tmp_path_factory.mktemp("demo")
    paths = make_recordings(
        folder / "recordings", recordings=len(NUMBERS), seconds=4, generation=None, size=SIZE
    )
    run("events", "-tr", folder / "recordings", "-o", folder / "events", "-p", 0, "-r", "none")
    run("bins", "-i", folder / "events", "-o", folder / "bins", "--fps", 20)
    run("sequences", "-i", folder / "bins", "-o", folder / "sequences", "--sequence_length", 16,
        "--instruction_from", "sidecar")  # fmt: skip
    return paths, datasets.load_from_disk(str(folder / "sequences"))["train"].to_list()


def rows_of(made: tuple[list[Path], list[dict[str, Any]]], number: int) -> list[dict[str, Any]]:
    paths, rows = made
    return [row for row in rows if row["metadata"]["file_path"] == str(paths[number])]


@pytest.mark.parametrize("number", NUMBERS)
def test_each_reference_is_the_frame_of_its_time(
    made: tuple[list[Path], list[dict[str, Any]]], number: int
) -> None:
    path, rows = made[0][number], rows_of(made, number)
    shown = {time: n for n, (time, _) in enumerate(frames(path.with_suffix(".mkv")))}
    pictures = Pictures()
    seen = set()
    for row in rows:
        loaded = pictures.load(row["image_refs"], row["metadata"]["file_path"])
        for ref, picture in zip(row["image_refs"], loaded, strict=True):
            assert picture is not None
            assert frame_number(picture, SIZE) == shown[round(ref["pts"] / 1e6)]
            seen.add(ref["pts"])
    assert len(seen) > 20


@pytest.mark.parametrize("number", NUMBERS)
def test_each_generation_gives_the_same_sequences(
    made: tuple[list[Path], list[dict[str, Any]]], number: int, tmp_path: Path
) -> None:
    """The recording as the newest generation writes it has the same times and actions."""
    path, rows = made[0][number], rows_of(made, number)
    newest = make_recordings(tmp_path / "r", recordings=number + 1, seconds=4, size=SIZE)[number]
    for other in newest.parent.glob("*.mcap"):
        if other != newest:
            other.unlink()
    assert newest.with_suffix(".mkv").read_bytes() == path.with_suffix(".mkv").read_bytes()
    run("events", "-tr", newest.parent, "-o", tmp_path / "e", "-p", 0, "-r", "none")
    run("bins", "-i", tmp_path / "e", "-o", tmp_path / "b", "--fps", 20)
    run("sequences", "-i", tmp_path / "b", "-o", tmp_path / "s", "--sequence_length", 16,
        "--instruction_from", "sidecar")  # fmt: skip
    again = datasets.load_from_disk(str(tmp_path / "s"))["train"].to_list()
    for ours, theirs in zip(rows, again, strict=True):
        assert ours["instruction"] == theirs["instruction"]
        assert ours["image_refs"] == theirs["image_refs"]
        assert len(ours["encoded_events"]) == len(theirs["encoded_events"])
        assert ours["metadata"] == theirs["metadata"] | {"file_path": str(path)}


def test_statistics_count_what_was_made(made: tuple[list[Path], list[dict[str, Any]]]) -> None:
    stats = json.loads(run("stats", made[0][0].parent, "-o", "json"))
    assert stats["recordings"] == len(NUMBERS)
    assert stats["missing_media"] == stats["damaged"] == stats["failed"] == 0
    videos = (list(frames(path.with_suffix(".mkv"))) for path in made[0])
    assert stats["events"]["screen"] == sum(len(video) - 1 for video in videos)
