"""From recordings to sequences, as a user runs it."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import datasets
import pytest

from support.cli import called
from support.desktop.made import GENERATIONS, session, write_recording, write_sessions

NAMES = ("a.mcap", "b.mcap", "c.mcap")


def run(*arguments: object) -> None:
    done = called("desktop", *arguments)
    assert (done.code, done.err.count("error")) == (0, 0), done.err


def load(folder: Path) -> Any:
    return datasets.load_from_disk(str(folder))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The datasets of all stages in `events`, `bins` and `sequences`."""
    folder = tmp_path_factory.mktemp("pipeline")
    write_sessions(folder / "recordings", NAMES, seconds=6)
    events, bins, sequences = folder / "events", folder / "bins", folder / "sequences"
    run("events", "--train_dir", folder / "recordings", "--output_dir", events,
        "--rate", "mouse=60", "screen=20")  # fmt: skip
    run("bins", "--input_dir", events, "--output_dir", bins, "--fps", 10,
        "--keep_topic", "screen", "--keep_topic", "keyboard", "--keep_topic", "mouse")  # fmt: skip
    run("sequences", "--input_dir", bins, "--output_dir", sequences, "--sequence_length", 32,
        "--instruction", "Complete the computer task", "--overlap_ratio", 0.5)  # fmt: skip
    return folder


def test_events_have_the_promised_columns_and_order(made: Path) -> None:
    loaded = load(made / "events")
    assert list(loaded) == ["train", "test"]
    assert {name: kind.dtype for name, kind in loaded["train"].features.items()} == {
        "file_path": "string",
        "topic": "string",
        "timestamp_ns": "int64",
        "message_type": "string",
        "msg": "binary",
    }
    rows = loaded["train"].to_list()
    keys = [(row["file_path"], row["timestamp_ns"]) for row in rows]
    assert keys == sorted(keys)
    assert len({row["file_path"] for row in rows}) == 2
    assert len({row["file_path"] for row in loaded["test"]}) == 1


def test_events_are_kept_at_most_at_the_rate(made: Path) -> None:
    rows = [row for row in load(made / "events")["train"] if row["topic"] == "mouse"]
    times = [row["timestamp_ns"] for row in rows if row["file_path"] == rows[0]["file_path"]]
    assert min(b - a for a, b in pairwise(times)) >= 10**9 // 60


def test_bins_have_the_promised_columns(made: Path) -> None:
    train = load(made / "bins")["train"]
    assert {name: kind.dtype for name, kind in train.features.items()} == {
        "file_path": "string",
        "bin_idx": "int32",
        "timestamp_ns": "int64",
        "state": "binary",
        "actions": "binary",
    }
    actions = [one for row in train for one in json.loads(row["actions"])]
    assert {one["topic"] for one in actions} == {"keyboard", "mouse"}
    assert set(actions[0]) == {"topic", "timestamp_ns", "message_type", "msg"}


def test_no_action_is_lost_or_moved_between_the_stages(made: Path) -> None:
    kept = [
        (row["timestamp_ns"], row["msg"].decode())
        for row in load(made / "events")["train"]
        if row["topic"] in {"keyboard", "mouse"}
    ]
    binned = load(made / "bins")["train"]
    found = [
        (one["timestamp_ns"], one["msg"])
        for row in binned
        for one in json.loads(row["actions"])
        if row["timestamp_ns"] <= one["timestamp_ns"] < row["timestamp_ns"] + 10**8
    ]
    assert found == kept


def test_sequences_have_the_promised_columns(made: Path) -> None:
    train = load(made / "sequences")["train"]
    assert list(train.features) == ["instruction", "encoded_events", "image_refs", "metadata"]
    row = train[0]
    assert row["instruction"] == "Complete the computer task"
    assert row["encoded_events"][0].startswith("<EVENT_START>{'topic': 'mouse', 'timestamp_ns': ")
    assert list(row["image_refs"][0]) == ["path", "pts", "utc_ns", "timestamp_ns", "bin_idx"]
    meta = row["metadata"]
    assert (meta["start_bin_idx"], meta["end_bin_idx"], meta["num_bins"]) == (0, 31, 32)
    assert meta["num_images"] == len(row["image_refs"]) == 32
    assert meta["num_actions"] == len(row["encoded_events"]) == len(meta["event_bin_idx"])


def test_sequences_reach_the_last_bin(made: Path) -> None:
    bins, sequences = load(made / "bins")["test"], load(made / "sequences")["test"]
    assert sequences[-1]["metadata"]["end_bin_idx"] == bins[-1]["bin_idx"] == 59
    assert [row["metadata"]["start_bin_idx"] for row in sequences] == [0, 16, 28]


def test_each_dataset_says_where_it_comes_from(made: Path) -> None:
    said = json.loads(load(made / "sequences")["train"].info.description)
    assert (said["stage"], said["input"]["stage"], said["input"]["input"]["stage"]) == (
        "sequences",
        "bins",
        "events",
    )
    assert said["input"]["input"]["rates"] == {"mouse": "60", "screen": "20"}


def test_the_same_recordings_give_the_same_bytes(made: Path, tmp_path: Path) -> None:
    run("events", "-tr", made / "recordings", "-o", tmp_path / "events",
        "-r", "mouse=60", "-r", "screen=20")  # fmt: skip
    for path in (made / "events").rglob("*.*"):
        assert (
            path.read_bytes()
            == (tmp_path / "events" / path.relative_to(made / "events")).read_bytes()
        )


@pytest.mark.parametrize("generation", GENERATIONS)
def test_pictures_of_each_generation_are_found(generation: str, tmp_path: Path) -> None:
    write_recording(tmp_path / "in/a.mcap", session(generation, seconds=1, video="v/made.mkv"))
    run("events", "--train_dir", tmp_path / "in", "--output_dir", tmp_path / "e")
    run("bins", "-i", tmp_path / "e", "-o", tmp_path / "b")
    run("sequences", "-i", tmp_path / "b", "-o", tmp_path / "s", "--sequence_length", 4)
    refs = load(tmp_path / "s")["train"][0]["image_refs"]
    assert [(ref["path"], ref["pts"]) for ref in refs] == [
        ("v/made.mkv", pts) for pts in (50_000_000, 150_000_000, 250_000_000, 350_000_000)
    ]
