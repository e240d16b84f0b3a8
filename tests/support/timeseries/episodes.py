"""Episodes for tests."""

from __future__ import annotations

from typing import Any

import numpy as np

from vrdata.timeseries.table.episode import Camera, Episode


def episode(
    seed: int, *, actions: int = 3, observations: int = 7, kind: Any = np.float64
) -> Episode:
    """Random series of random lengths: about 100 Hz and 50 Hz, from a random start, with jitter."""
    rng = np.random.default_rng(seed)
    start = int(rng.integers(0, 10**9))
    series: list[Any] = []
    for rate, width in ((100, actions), (50, observations)):
        steps = int(rng.integers(1, 40))
        period = 10**9 // rate
        jitter = rng.integers(-period // 5, period // 5, steps)
        stamps = start + np.arange(steps, dtype=np.int64) * period + jitter
        series += [rng.standard_normal((steps, width)).astype(kind), stamps]
    return Episode(f"task {seed}", *series)


def same_episode(found: Episode, expected: Episode) -> None:
    """Assert that two episodes are equal to the last bit."""
    assert found.text == expected.text
    for column in ("actions", "observations"):
        for ours, theirs in zip(found.series(column), expected.series(column), strict=True):
            assert ours.dtype == theirs.dtype
            np.testing.assert_array_equal(ours, theirs)
    assert set(found.cameras) == set(expected.cameras)
    for name in ("", *expected.cameras):
        _same_camera(found.camera(name), expected.camera(name))


def _same_camera(found: Camera, expected: Camera) -> None:
    assert (found.image, found.video) == (expected.image, expected.video)
    assert found.video_start == expected.video_start
    assert (found.video_timestamps is None) == (expected.video_timestamps is None)
    if expected.video_timestamps is not None:
        np.testing.assert_array_equal(found.video_timestamps, expected.video_timestamps)
