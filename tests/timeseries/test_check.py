"""The report of a table tells rates, jitter, gaps, ranges and every fault."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from support.frames.clips import write_clip
from vrdata.timeseries.check import TableReport, check_table
from vrdata.timeseries.create import DummyOptions, dummy_episode
from vrdata.timeseries.table.episode import Episode, Media
from vrdata.timeseries.table.reading import open_tables
from vrdata.timeseries.table.writing import write_table

OPTIONS = DummyOptions(steps=(50, 50))


def report(folder: Path, *rows: Episode) -> TableReport:
    write_table(folder / "t.parquet", rows)
    return check_table(open_tables([folder / "t.parquet"]))


def test_rates_jitter_gaps_and_ranges_are_measured(tmp_path: Path) -> None:
    row = dummy_episode(0, OPTIONS)
    stamps = row.actions_timestamps.copy()
    stamps[1::2] += 10**6  # of 10 ms
    stamps[30:] += 5 * 10**8
    found = report(tmp_path, row, replace(row, actions_timestamps=stamps))
    actions = found.series["actions"]
    assert found.fault_count == 0
    assert actions.rates == [100.0, pytest.approx(100.0)]
    assert actions.jitter == pytest.approx(0.1)
    assert actions.gaps == 1
    assert actions.longest_gap == pytest.approx(0.509)
    assert found.to_dict()["series"]["actions"]["min"] == row.actions.min(axis=0).tolist()
    assert found.to_dict()["series"]["observations"]["rate"]["median"] == 50.0


def test_constant_time_stamps_are_found_in_every_row_and_named(tmp_path: Path) -> None:
    row = [[1742918912.0, 1.0]] * 4
    columns = {"text": ["a"] * 30, "actions": [row] * 30, "observations": [row] * 30}
    pq.write_table(pa.table(columns), tmp_path / "t.pq")
    found = check_table(open_tables([tmp_path / "t.pq"]))
    assert found.fault_count == 60
    assert len(found.faults) == 20
    first, fault = found.faults[0]
    assert first == 0
    assert str(fault).startswith("actions_timestamps: constant: all 4 timestamps are 17429189120")


def test_media_that_cannot_be_used_are_found(tmp_path: Path) -> None:
    row = dummy_episode(0, OPTIONS)
    write_clip(tmp_path / "clip", 5)
    found = report(
        tmp_path,
        replace(row, video=Media("clip.mp4")),
        replace(row, video=Media("none.mp4")),
        replace(row, image=Media("none.png")),
        replace(row, video=Media("clip.mp4"), video_start=10**12),
        replace(row, video=Media("clip.mp4"), video_timestamps=np.arange(3, dtype=np.int64)),
    )
    assert found.media == {"image": 1, "video": 4}
    said = [f"{row} {fault}" for row, fault in found.faults]
    assert said == [
        f"1 video: {tmp_path}/none.mp4 does not exist",
        f"2 image: {tmp_path}/none.png does not exist",
        "3 video: no frame is at the time of an action: the frames are from 1000.0 s to 1000.2 s",
        "4 video: 3 timestamps, but 5 in the clip",
    ]
