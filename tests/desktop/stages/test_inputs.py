"""What users really have: missing videos, damaged files, several folders, foreign tables."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import datasets
import pytest

from support.cli import Ran, called
from support.desktop.made import Made, session, write_recording, write_sessions


def run(*arguments: object, code: int = 0) -> Ran:
    done = called("desktop", *arguments)
    assert done.code == code, done.err
    return done


def load(folder: Path) -> Any:
    return datasets.load_from_disk(str(folder))


def facts(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "recordings.jsonl").read_text().splitlines()]


def damage(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def events(folder: Path, out: Path, *options: object, code: int = 0) -> Ran:
    return run("events", "--train_dir", folder, "--output_dir", out, "-n", 1, *options, code=code)


def test_the_number_of_processes_changes_no_byte(tmp_path: Path) -> None:
    folder = write_sessions(tmp_path / "in", ["a.mcap", "b.mcap", "c.mcap"], seconds=0.5)
    events(folder, tmp_path / "one")
    events(folder, tmp_path / "two", "--num-workers", 2)
    for path in (tmp_path / "one").rglob("*.*"):
        assert (
            path.read_bytes()
            == (tmp_path / "two" / path.relative_to(tmp_path / "one")).read_bytes()
        )


def test_a_missing_video_is_named_and_an_existing_one_is_not(tmp_path: Path) -> None:
    write_recording(tmp_path / "a.mcap", session(seconds=1, video="gone.mkv"))
    write_recording(tmp_path / "b.mcap", session(seconds=1, video="here.mkv"))
    (tmp_path / "here.mkv").touch()
    done = events(tmp_path, tmp_path / "out")
    assert f"missing: {tmp_path}/gone.mkv: 20 screen events of {tmp_path}/a.mcap" in done.err
    assert "here.mkv" not in done.err


def test_a_cut_recording_is_named_with_its_range_and_kept_as_far_as_it_goes(
    tmp_path: Path,
) -> None:
    write_sessions(tmp_path / "in", ["a.mcap", "b.mcap"], seconds=2)
    write_recording(tmp_path / "in/a.mcap", session(seconds=2), chunk_size=4096)
    damage(tmp_path / "in/a.mcap")
    done = events(tmp_path / "in", tmp_path / "out", "--test_percent", 0, code=4)
    assert f"lost: {tmp_path}/in/a.mcap: bytes " in done.err
    assert list(load(tmp_path / "out")) == ["train"]
    (cut, whole) = facts(tmp_path / "out")
    assert 0 < cut["events"] < whole["events"]
    assert cut["losses"][0]["stop"] == (tmp_path / "in/a.mcap").stat().st_size


def test_a_file_that_is_no_recording_fails_alone_and_is_counted(tmp_path: Path) -> None:
    write_sessions(tmp_path, ["a.mcap", "b.mcap"], seconds=0.5)
    (tmp_path / "c.mcap").write_bytes(b"PK")
    done = events(tmp_path, tmp_path / "out", "--output-format", "json", code=4)
    assert f"failed: {tmp_path}/c.mcap" in done.err
    assert (done.json["recordings"], done.json["failed"]) == (3, 1)
    assert [bool(one["failed"]) for one in facts(tmp_path / "out")].count(True) == 1


@pytest.mark.parametrize("how", ["cut", "other"])
def test_strict_writes_nothing_if_a_recording_is_not_complete(how: str, tmp_path: Path) -> None:
    write_sessions(tmp_path / "in", ["a.mcap", "b.mcap"], seconds=0.5)
    if how == "cut":
        damage(tmp_path / "in/b.mcap")
    else:
        (tmp_path / "in/b.mcap").write_bytes(b"PK")
    done = events(tmp_path / "in", tmp_path / "out", "--strict", code=1)
    assert "b.mcap cannot be read completely" in done.err
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_nothing_is_written_if_no_recording_can_be_read(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.mcap").write_bytes(b"PK")
    assert "no recording can be read" in events(tmp_path / "in", tmp_path / "out", code=1).err
    assert not (tmp_path / "out").exists()


def test_folders_below_are_read_only_on_request(tmp_path: Path) -> None:
    write_sessions(tmp_path / "in", ["a.mcap", "deep/b.mcap"], seconds=0.5)
    events(tmp_path / "in", tmp_path / "flat")
    events(tmp_path / "in", tmp_path / "deep", "--recursive", "--test_percent", 0)
    assert len(facts(tmp_path / "flat")) == 1
    assert len(facts(tmp_path / "deep")) == 2
    assert "add --recursive" in events(tmp_path, tmp_path / "none", code=5).err


def test_a_folder_of_test_recordings_is_the_test_split(tmp_path: Path) -> None:
    write_sessions(tmp_path / "in", ["a.mcap", "b.mcap"], seconds=0.5)
    write_sessions(tmp_path / "te", ["c.mcap"], seconds=0.5)
    events(tmp_path / "in", tmp_path / "out", "--test_dir", tmp_path / "te")
    assert [(Path(one["file_path"]).name, one["split"]) for one in facts(tmp_path / "out")] == [
        ("a.mcap", "train"),
        ("b.mcap", "train"),
        ("c.mcap", "test"),
    ]


def test_an_existing_folder_is_replaced_only_if_it_is_a_dataset_and_on_request(
    tmp_path: Path,
) -> None:
    write_sessions(tmp_path / "in", ["a.mcap"], seconds=0.5)
    events(tmp_path / "in", tmp_path / "out")
    assert "already exists" in events(tmp_path / "in", tmp_path / "out", code=3).err
    events(tmp_path / "in", tmp_path / "out", "--overwrite", "--rate", "none")
    assert len(load(tmp_path / "out")["train"]) == len(session(seconds=0.5))
    assert "not a dataset" in events(tmp_path / "in", tmp_path / "in", "--overwrite", code=3).err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "out"]


def test_a_sequence_knows_what_is_held_down_when_it_begins(tmp_path: Path) -> None:
    key = {"event_type": "press", "vk": 17}
    click = {"event_type": "click", "x": 1, "y": 1, "button": "left", "pressed": True}
    made = [
        Made("keyboard", "desktop/KeyboardEvent", 0, key),
        Made("mouse", "desktop/MouseEvent", 150_000_000, click),
        Made("mouse", "desktop/MouseEvent", 290_000_000, {**click, "pressed": False}),
    ]
    write_recording(tmp_path / "in/a.mcap", made)
    events(tmp_path / "in", tmp_path / "e")
    run("bins", "-i", tmp_path / "e", "-o", tmp_path / "b")
    run("sequences", "-i", tmp_path / "b", "-o", tmp_path / "s", "--sequence_length", 1)
    held = [
        (row["metadata"]["held_keys"], row["metadata"]["held_buttons"])
        for row in load(tmp_path / "s")["train"]
    ]
    assert held == [([], []), ([17], []), ([17], ["left"])]


@pytest.mark.parametrize("encoder", ["json", "hierarchical", "factorized"])
def test_each_encoder_can_be_chosen(encoder: str, tmp_path: Path) -> None:
    write_sessions(tmp_path / "in", ["a.mcap"], seconds=0.5)
    events(tmp_path / "in", tmp_path / "e")
    run("bins", "-i", tmp_path / "e", "-o", tmp_path / "b")
    done = run("sequences", "-i", tmp_path / "b", "-o", tmp_path / "s", "--encoder", encoder)
    row = load(tmp_path / "s")["train"][0]
    assert len(row["encoded_events"]) == row["metadata"]["num_actions"] > 0
    assert done.err == ""


def test_tables_of_other_programs_are_sorted_and_their_actions_read(tmp_path: Path) -> None:
    rows = [
        {
            "file_path": name,
            "topic": "mouse",
            "timestamp_ns": time,
            "message_type": "desktop/MouseEvent",
            "msg": f"{time}".encode() + b"\n\xff",
        }
        for time in (300, 100, 200)
        for name in ("b.mcap", "a.mcap")
    ]
    table = datasets.Dataset.from_list(rows)
    datasets.DatasetDict({"train": table}).save_to_disk(str(tmp_path / "e"))
    run("bins", "-i", tmp_path / "e", "-o", tmp_path / "b", "--fps", 10**7)
    found = load(tmp_path / "b")["train"].to_list()
    assert [(row["file_path"], row["timestamp_ns"]) for row in found] == [
        (name, time) for name in ("a.mcap", "b.mcap") for time in (100, 200, 300)
    ]
    legacy = [
        {
            "file_path": "a.mcap",
            "bin_idx": 0,
            "timestamp_ns": 7,
            "state": None,
            "actions": b'["{\\"vk\\": 1}"]',
        }
    ]
    features = datasets.Features(
        file_path=datasets.Value("string"),
        bin_idx=datasets.Value("int32"),
        timestamp_ns=datasets.Value("int64"),
        state=datasets.Value("binary"),
        actions=datasets.Value("binary"),
    )
    datasets.Dataset.from_list(legacy, features=features).save_to_disk(str(tmp_path / "l"))
    run("sequences", "-i", tmp_path / "l", "-o", tmp_path / "s")
    (text,) = load(tmp_path / "s")["train"][0]["encoded_events"]
    assert "'timestamp_ns': 7" in text


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (("bins", "-i", "none", "-o", "x"), 5, "no dataset in none"),
        (("bins", "-i", "none", "-o", "x", "--fps", "0"), 2, "not a positive number"),
        (("sequences", "-i", "none", "-o", "x", "--overlap_ratio", "1"), 2, "never advances"),
        (("events", "-tr", "none", "-o", "x"), 5, "none does not exist"),
        (("events", "-tr", "none", "-o", "x", "--rate", "mouse"), 2, "is not TOPIC=RATE"),
        (("stats", "none"), 5, "none does not exist"),
    ],
)
def test_wrong_arguments_are_explained(
    arguments: tuple[str, ...],
    code: int,
    text: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert text in run(*arguments, code=code).err


def test_a_table_of_another_stage_is_refused_with_the_column(tmp_path: Path) -> None:
    write_sessions(tmp_path / "in", ["a.mcap"], seconds=0.5)
    events(tmp_path / "in", tmp_path / "e")
    done = run("sequences", "-i", tmp_path / "e", "-o", tmp_path / "s", code=3)
    assert "its column bin_idx (int32) is missing" in done.err


def test_topics_without_events_are_a_warning(tmp_path: Path) -> None:
    write_sessions(tmp_path / "in", ["a.mcap"], seconds=0.5)
    events(tmp_path / "in", tmp_path / "e")
    topics = ("--keep_topic", "scren", "--keep_topic", "keyboard")
    done = run("bins", "-i", tmp_path / "e", "-o", tmp_path / "b", *topics)
    assert done.err == f"warning: {tmp_path / 'e'} has no events of scren\n"
    rates = ("--rate", "mose=60", "screen=20")
    done = run("events", "-tr", tmp_path / "in", "-o", tmp_path / "f", *rates)
    assert done.err.endswith(f"\nwarning: {tmp_path / 'in'} has no events of mose\n")


def test_a_damaged_table_is_refused_with_its_file(tmp_path: Path) -> None:
    write_sessions(tmp_path / "in", ["a.mcap"], seconds=2)
    events(tmp_path / "in", tmp_path / "e")
    (data,) = (tmp_path / "e/train").glob("*.arrow")
    damage(data)
    done = run("bins", "-i", tmp_path / "e", "-o", tmp_path / "b", code=3)
    assert f"{data} is damaged" in done.err
    assert not (tmp_path / "b").exists()
