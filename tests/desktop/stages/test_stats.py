"""Figures about recordings are those of their messages."""

from __future__ import annotations

from pathlib import Path

from support.cli import called
from support.desktop.made import Made, screen_fields, session, write_recording

SECOND = 10**9


def test_hours_inputs_pauses_frames_and_sizes_are_counted(tmp_path: Path) -> None:
    move = {"event_type": "move", "x": 1, "y": 1}
    made = [
        Made("mouse", "desktop/MouseEvent", at * SECOND, move) for at in (1, 2, 8, 10, 3590)
    ] + [
        Made("screen", "desktop/ScreenCaptured", at, screen_fields("0.5.1", at, "a.mkv"))
        for at in (0, 3600 * SECOND)
    ]
    write_recording(tmp_path / "a.mcap", made)
    found = called("desktop", "stats", tmp_path, "-o", "json").json
    assert found["hours"] == 1
    assert found["inputs_per_minute"] == round(5 / 60, 3)
    assert found["idle_share"] == round((6 + 3580 + 10) / 3600, 6)
    assert (found["screens"], found["resolutions"]) == (2, {"64x48": 1})
    assert found["missing_media"] == 1


def test_states_that_repeat_are_no_input(tmp_path: Path) -> None:
    write_recording(tmp_path / "a.mcap", session(seconds=1))
    found = called("desktop", "stats", tmp_path, "-o", "json").json
    inputs = found["events"]["mouse"] + found["events"]["keyboard"]
    last = max(one.at for one in session(seconds=1))
    assert found["inputs_per_minute"] == round(inputs / (last / SECOND / 60), 3)


def test_a_table_shows_the_same_and_files_that_fail(tmp_path: Path) -> None:
    write_recording(tmp_path / "a.mcap", session(seconds=1))
    (tmp_path / "b.mcap").write_bytes(b"PK")
    done = called("desktop", "stats", tmp_path)
    assert done.code == 4
    assert "1 recording, 0.00 hours" in done.out
    assert "failed: 1 recording" in done.out
    assert f"failed: {tmp_path}/b.mcap" in done.err
