"""Constants and pictures that are unusual."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vrdata.frames.image import read_image
from vrdata.frames.source import MediaError, Source
from vrdata.timeseries.table.episode import Episode
from vrdata.timeseries.table.faults import TimeSeriesError
from vrdata.timeseries.table.writing import write_table
from vrdata.timeseries.windows.dataset import WindowDataset, WindowOptions

STAMPS = np.arange(100, dtype=np.int64) * 10**7


def test_a_constant_becomes_zero_when_it_is_normalised(tmp_path: Path) -> None:
    values = np.full((100, 1), 0.1)
    write_table(tmp_path / "t.parquet", [Episode("x", values, STAMPS, values, STAMPS)])
    options = WindowOptions(normalise=True)
    window = WindowDataset(tmp_path / "t.parquet", 0.1, 0.1, options)[0]
    assert np.abs(window["actions"]).max() < 1e-6


def test_a_picture_with_too_many_pixels_is_named(tmp_path: Path) -> None:
    path = str(tmp_path / "large.png")
    Image.new("1", (20_000, 10_000)).save(path)
    with pytest.raises(MediaError, match=r"large\.png"):
        read_image(Source(path, path, lambda: path))


@pytest.mark.parametrize("sample_rate", [None, 1e9])
def test_a_window_with_too_many_steps_is_refused(tmp_path: Path, sample_rate: float | None) -> None:
    """Numbers of steps are no nanoseconds: a second would have 10⁹ of them."""
    stamps = np.arange(100, dtype=np.int64) if sample_rate is None else STAMPS
    values = np.zeros((100, 1))
    write_table(tmp_path / "t.parquet", [Episode("x", values, stamps, values, stamps)])
    windows = WindowDataset(
        tmp_path / "t.parquet", 1.0, 1.0, WindowOptions(sample_rate=sample_rate)
    )
    with pytest.raises(TimeSeriesError, match="1000000000 steps"):
        windows[0]
