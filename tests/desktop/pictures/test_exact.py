"""Every picture is the frame that sequential decoding gives for its time, whatever the clip."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from support.frames.recorded import CODECS, Truth, irregular, regular, truth_of, variants
from vrdata.desktop.pictures.loading import Pictures
from vrdata.frames.reader import FrameReader
from vrdata.frames.source import Source

QUICK = {
    ("h264", "edit list"),
    ("h264-open", "matroska"),
    ("hevc", "all marked as key"),
    ("hevc-open", "irregular"),
    ("hevc-open", "begins between key frames"),
    ("hevc-p", "some marked as key"),
}
"""What each clip is about appears once."""


def compare(truths: list[Truth], draw: random.Random, loads: int) -> tuple[int, list[str]]:
    """Load pictures in random orders, with a small cache; count, and find what is wrong."""
    folder = truths[0].path.parent
    pictures = Pictures(draw.randrange(12), 64 * 64 * 3 * draw.randrange(1, 12), media_root=folder)
    compared, wrong = 0, list[str]()
    for _ in range(loads):
        requests, expected = [], []
        for truth in draw.choices(truths, k=draw.choice((1, 1, 3))):
            chosen = draw.choices(range(len(truth.frames)), k=draw.choice((1, 2, 8)))
            refs = [{"path": truth.path.name, "pts": truth.times[number]} for number in chosen]
            requests.append((refs, "made.mcap"))
            expected.append([truth.frames[number] for number in chosen])
        for request, found, right in zip(
            requests, pictures.load_many(requests), expected, strict=True
        ):
            for ref, one, other in zip(request[0], found, right, strict=True):
                compared += 1
                if not np.array_equal(one, other):
                    wrong.append(f"{ref['path']} at {ref['pts']} ns")
    return compared, wrong


def all_frames_of(truth: Truth) -> list[str]:
    """What differs if a clip is read from its first frame to its last one, and backwards."""
    source = Source(truth.path, str(truth.path), lambda: str(truth.path))
    wrong: list[str] = []
    for order in (range(len(truth.frames)), range(len(truth.frames) - 1, -1, -1)):
        reader = FrameReader(cache_bytes=0)
        assert len(reader.table(source)) == len(truth.frames), truth.path
        wrong += [
            f"{truth.path.name}: frame {number}"
            for number in order
            if not np.array_equal(reader.frames(source, [number])[0], truth.frames[number])
        ]
    return wrong


def made(folder: Path, kind: str, only: set[tuple[str, str]] | None = None) -> list[Truth]:
    """The clips of a codec with all their frames."""
    found = []
    for name, written in variants(folder, kind):
        recorded = irregular() if name == "irregular" else regular()
        path = written() if only is None or name == "matroska" or (kind, name) in only else None
        if path is not None:
            found.append(truth_of(path, recorded))
    return found


@pytest.mark.parametrize("kind", sorted({kind for kind, _ in QUICK}))
def test_pictures_in_any_order_equal_sequential_decoding(tmp_path: Path, kind: str) -> None:
    truths = made(tmp_path, kind, QUICK)
    compared, wrong = compare(truths, random.Random(kind), loads=40)  # noqa: S311 - reproducible
    assert compared > 100
    assert wrong == []


@pytest.mark.slow
def test_no_picture_of_any_clip_in_any_order_is_wrong(tmp_path: Path) -> None:
    draw = random.Random(18)  # noqa: S311 - reproducible
    compared, wrong = 0, []
    for kind in CODECS:
        truths = made(tmp_path, kind)
        assert len(truths) == 11
        for truth in truths:
            wrong += all_frames_of(truth)
            compared += 2 * len(truth.frames)
        more, others = compare(truths, draw, loads=120)
        compared, wrong = compared + more, wrong + others
    assert compared >= 12_000
    assert wrong == []
