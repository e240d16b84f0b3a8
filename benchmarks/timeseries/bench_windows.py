"""Random windows of a new dataset, and of whole-column lists with one OpenCV seek per frame."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.measure import Goal, Options, Row, interleaved, ratios, wall_seconds

if TYPE_CHECKING:
    from vrdata.timeseries.windows.dataset import WindowDataset

SECONDS = 0.1
OFFSETS = (-1, 0, 1)
EPISODES, WINDOWS = 100, 1000
GOAL = Goal(5, at_least=True)


def rows(options: Options) -> Iterator[Row]:
    """With clips of 30 frames, and without."""
    from vrdata.timeseries.create import DummyOptions, create_table

    with tempfile.TemporaryDirectory(prefix="vrdata-windows-") as folder:
        for name, frames in (("state", 0), ("video", 30)):
            root = Path(folder, name)
            dummy = DummyOptions(episodes=EPISODES, frames=frames)
            create_table(root / "data.pq", dummy)
            create_table(root / "seed.pq", dummy, form="seed")
            chosen = _windows(root)
            yield Row(
                f"timeseries.{name}",
                f"seconds to open a table and read {WINDOWS} random windows: lists / ours",
                GOAL,
                _measured(root, chosen, options.repeats),
            )


def _windows(root: Path) -> list[tuple[int, tuple[int, int]]]:
    """Random windows with their places; some are compared with those of the lists."""
    from benchmarks.timeseries.seed_way import ListDataset

    ours, lists = _dataset(root), ListDataset(root / "seed.pq", SECONDS, OFFSETS)
    chosen = np.random.default_rng(0).integers(0, len(ours), WINDOWS).tolist()
    for index in chosen[:20]:
        window, other = ours[index], lists.window(*ours.locate(index))
        for column in ("actions", "observations"):
            np.testing.assert_array_equal(window[column], other[column])
    return [(index, ours.locate(index)) for index in chosen]


def _measured(
    root: Path, chosen: list[tuple[int, tuple[int, int]]], repeats: int
) -> tuple[float, ...]:
    from benchmarks.timeseries.seed_way import ListDataset

    def ours() -> None:
        dataset = _dataset(root)
        for index, _ in chosen:
            dataset[index]

    def lists() -> None:
        dataset = ListDataset(root / "seed.pq", SECONDS, OFFSETS)
        for _, place in chosen:
            dataset.window(*place)

    rounds = interleaved(repeats, lambda: wall_seconds(lists), lambda: wall_seconds(ours))
    return ratios(rounds)


def _dataset(root: Path) -> WindowDataset:
    from vrdata.timeseries.windows.dataset import WindowDataset, WindowOptions

    options = WindowOptions(mode="window", video_frame_offsets=OFFSETS)
    return WindowDataset(root / "data.pq", SECONDS, SECONDS, options)
