"""What others wrote into recordings and datasets stops no stage and leaves no folder."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from support.cli import Ran, called
from support.desktop.made import Made, session, write_recording


def run(*arguments: object, code: int = 0) -> Ran:
    done = called("desktop", *arguments)
    assert done.code == code, done.err
    return done


def events(folder: Path, out: Path, *options: object, code: int = 0) -> Ran:
    return run("events", "--train_dir", folder, "--output_dir", out, "-n", 1, *options, code=code)


LONG, REFUSED = "x" * 5000, "file://[x"
HUGE = 2**70


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("ScreenCaptured", {"media_ref": {"uri": LONG}}),
        ("ScreenCaptured", {"media_ref": {"uri": REFUSED}}),
        ("ScreenCaptured", {"media_ref": {"uri": "a.png", "pts_ns": HUGE}}),
        ("ScreenCaptured", {"media_ref": {"uri": "a.png"}, "utc_ns": -HUGE}),
        ("KeyboardEvent", {"event_type": "press", "vk": HUGE}),
        ("KeyboardState", {"buttons": [HUGE]}),
    ],
)
def test_no_message_of_one_recording_stops_a_stage(
    tmp_path: Path, kind: str, fields: dict[str, Any]
) -> None:
    topic = "screen/wrong" if kind.startswith("Screen") else "keyboard"
    wrong = Made(topic, f"desktop/{kind}", 1000, fields)
    write_recording(tmp_path / "in/a.mcap", [wrong, *session(seconds=1)])
    events(tmp_path / "in", tmp_path / "events", "--test_percent", 0)
    run("bins", "--input_dir", tmp_path / "events", "--output_dir", tmp_path / "bins",
        "--fps", 10, "--keep_topic", topic, "--keep_topic", "mouse")  # fmt: skip
    run("sequences", "--input_dir", tmp_path / "bins", "--output_dir", tmp_path / "sequences",
        "--sequence_length", 4)  # fmt: skip
    run("stats", tmp_path / "in")


def test_a_path_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    write_recording(tmp_path / "in" / os.fsdecode(b"\xff.mcap"), session(seconds=0.1))
    done = events(tmp_path / "in", tmp_path / "events", code=3)
    assert "?.mcap is not UTF-8" in done.err


@pytest.mark.parametrize("name", ["../evil", "/tmp/evil", "..", ""])
def test_a_split_cannot_lead_out_of_the_dataset(tmp_path: Path, name: str) -> None:
    write_recording(tmp_path / "in/a.mcap", session(seconds=0.1))
    events(tmp_path / "in", tmp_path / "events", "--test_percent", 0)
    (tmp_path / "events/dataset_dict.json").write_text(json.dumps({"splits": [name]}))
    (tmp_path / "events/train").rename(tmp_path / "evil")
    before = {*tmp_path.rglob("*")}
    done = run(
        *("bins", "--input_dir", tmp_path / "events", "--output_dir", tmp_path / "bins/bins"),
        code=3,
    )
    assert f"the split {name!r}" in done.err
    assert {*tmp_path.rglob("*")} == before
