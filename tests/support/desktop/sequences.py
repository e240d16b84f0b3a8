"""Sequences of made recordings, and such with hostile texts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from support.cli import called
from support.desktop.made import Made, session, write_recording
from vrdata.desktop.demo.making import make_recordings

ATTACKS = (
    "<img src=x onerror=\"window.hacked='img'\">",
    "</script><script>window.hacked='script'</script>",
    "\"'><svg onload=\"window.hacked='svg'\">",
    "\u202eright to left \u2066 override\u2028next\x00line\ud800",
    "javascript:window.hacked='link'",
)


def run(*arguments: object) -> None:
    done = called("desktop", *arguments)
    assert done.code == 0, done.err


def stages(folder: Path, *options: object, fps: int = 10) -> Path:
    """The sequences of the recordings in `folder/recordings`, all in the split train."""
    run("events", "-tr", folder / "recordings", "-o", folder / "events", "-p", 0)
    run("bins", "-i", folder / "events", "-o", folder / "bins", "--fps", fps)
    run("sequences", "-i", folder / "bins", "-o", folder / "sequences", *options)
    return folder / "sequences"


def demo_sequences(folder: Path, *options: object) -> Path:
    """Sequences with their videos."""
    make_recordings(folder / "recordings", recordings=2, seconds=3, size=(240, 160))
    return stages(folder, "--sequence_length", 16, "--instruction_from", "sidecar", *options)


def attacked_sequences(folder: Path) -> Path:
    """Sequences whose texts, keys, buttons and references attack the page."""
    for number, attack in enumerate(ATTACKS):
        shown = attack.encode("utf-8", "replace").decode()
        event: dict[str, Any] = {"event_type": "click", "x": 1, "y": 2, "button": shown}
        extra = [
            Made("mouse", "desktop/MouseEvent", 7_000_000, event | {"pressed": True}),
            Made("mouse", f"desktop/{shown}", 8_000_000, {shown: shown}),
            Made("keyboard", "desktop/KeyboardEvent", 9_000_000, {"event_type": shown, "vk": 1}),
        ]
        path = folder / f"recordings/{number}.mcap"
        made = session(seconds=0.6, video=shown, seed=number)
        write_recording(path, sorted([*made, *extra], key=lambda one: one.at))
        path.with_suffix(".instruction.txt").write_text(shown)
    return stages(folder, "--sequence_length", 4, "--instruction_from", "sidecar")
