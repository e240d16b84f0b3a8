"""What the page shows of a sequence."""

from __future__ import annotations

from typing import Any

import pytest

from vrdata.desktop.report.model import MAX_EVENTS, MAX_FRAMES, MAX_WORDS, shown


def sequence(
    refs: list[tuple[int, int]], events: list[tuple[int, str]], *, end: int = 9
) -> dict[str, Any]:
    """A row with pictures (bin and time) and events (bin and text)."""
    return {
        "instruction": "do it",
        "encoded_events": [text for _, text in events],
        "image_refs": [{"path": "a.mkv", "pts": pts, "bin_idx": at} for at, pts in refs],
        "metadata": {
            "file_path": "/r/a.mcap",
            "start_bin_idx": 0,
            "end_bin_idx": end,
            "start_timestamp_ns": 0,
            "end_timestamp_ns": end * 10**8,
            "num_images": len(refs),
            "num_actions": len(events),
            "event_bin_idx": [at for at, _ in events],
            "held_keys": [0xA0, 65],
            "held_buttons": ["left"],
        },
    }


def words(row: dict[str, Any]) -> list[list[str]]:
    return [[one.text for one in frame.words] for frame in shown("train", 0, row, "json").frames]


def test_a_picture_of_several_bins_is_shown_once_with_the_events_of_all() -> None:
    row = sequence(
        [(0, 5), (1, 5), (2, 5), (3, 7), (4, 7)], [(0, "a"), (2, "b"), (3, "c"), (9, "d")]
    )
    found = shown("train", 0, row, "json")
    assert [frame.bins for frame in found.frames] == [(0, 2), (3, 9)]
    assert [frame.seconds for frame in found.frames] == pytest.approx([0, 0.3])
    assert words(row) == [["a", "b"], ["c", "d"]]
    assert ("held down at the start", "Shift, A, left") in found.facts


def test_events_before_the_first_picture_have_no_picture() -> None:
    row = sequence([(2, 5)], [(0, "a"), (2, "b")])
    assert [frame.ref is None for frame in shown("train", 0, row, "json").frames] == [True, False]
    assert words(row) == [["a"], ["b"]]
    assert words(sequence([(2, 5)], [(3, "b")])) == [["b"]]
    assert words(sequence([], [])) == [[]]


def test_events_without_a_bin_are_shown_first() -> None:
    row = sequence([(0, 5), (1, 6)], [(0, "a"), (1, "b")])
    row["metadata"]["event_bin_idx"] = None
    assert words(row) == [["a", "b"], []]


def test_what_is_too_much_is_counted() -> None:
    many = MAX_EVENTS + 5
    row = sequence([(at, at) for at in range(1000)], [(0, f"{n}") for n in range(many)], end=999)
    found = shown("train", 0, row, "json")
    assert (len(found.frames), found.more) == (MAX_FRAMES, 1000 - MAX_FRAMES)
    assert (len(found.frames[0].words), found.frames[0].more) == (MAX_WORDS, many - MAX_WORDS)
