"""Tables, media and statistics in a bucket are used as those in a folder."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from support.services.s3server import S3Server
from vrdata.store.opening import open_store
from vrdata.timeseries.create import DummyOptions, create_table
from vrdata.timeseries.table.reading import open_tables
from vrdata.timeseries.windows.dataset import WindowDataset, WindowOptions
from vrdata.timeseries.windows.statistics import statistics

pytestmark = [pytest.mark.slow, pytest.mark.s3]


def test_windows_of_a_bucket_equal_those_of_a_folder(tmp_path: Path, s3: S3Server) -> None:
    url = f"s3://{s3.make_bucket('robots')}/one/arm"
    create_table(tmp_path / "data.pq", DummyOptions(episodes=3, frames=8, size=16))
    store = open_store(url)
    for path in tmp_path.rglob("*.*"):
        if path.is_file():
            body = path.read_bytes()
            key = str(path.relative_to(tmp_path))
            store.put_new(key, body, sha256=hashlib.sha256(body).hexdigest())
    options = WindowOptions(video_frame_offsets=(-1, 0, 1))
    local, stored = (
        WindowDataset(place, 0.1, 0.1, options)
        for place in (tmp_path / "data.pq", f"{url}/data.pq")
    )
    assert stored.tables.fingerprint == local.tables.fingerprint
    for expected, found in zip(local, stored, strict=True):
        for key, value in expected.items():
            np.testing.assert_array_equal(found[key], value)
    means = [statistics(tables)["actions"].mean for tables in (local.tables, stored.tables)]
    np.testing.assert_array_equal(*means)
    (name,) = (path.name for path in tmp_path.glob("*.statistics-*"))
    assert store.head(name) is not None
    again = statistics(open_tables([f"{url}/data.pq"]))
    np.testing.assert_array_equal(again["actions"].mean, means[0])
