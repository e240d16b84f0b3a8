"""Constants and pictures that are unusual."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vrdata.timeseries.frames.image import read_image
from vrdata.timeseries.frames.source import MediaError, Source
from vrdata.timeseries.table.episode import Episode
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
