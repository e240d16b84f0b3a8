"""Report what a table has: rates, jitter, gaps, ranges, and what is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from vrdata.frames.image import read_image
from vrdata.frames.reader import FrameReader
from vrdata.frames.source import MediaError
from vrdata.timeseries.sources import source_of
from vrdata.timeseries.table.episode import Camera, Episode
from vrdata.timeseries.table.faults import Fault, FaultError
from vrdata.timeseries.table.reading import Tables
from vrdata.timeseries.table.schema import SERIES, camera_column
from vrdata.timeseries.windows.period import SECOND, period_of
from vrdata.timeseries.windows.statistics import Moments, moments_of

GAP = 2.5
"""Periods between two steps from which on steps are missing: jitter alone does not reach it."""


@dataclass(slots=True)
class SeriesReport:
    """One series of all valid episodes.

    Attributes:
        steps: of all episodes.
        values: of a step.
        rates: steps a second of each episode: smallest, median, largest.
        jitter: largest of the episodes' root mean square differences from the period, in periods.
        gaps: pairs of steps that are more than `GAP` periods apart.
        longest_gap: seconds.
        seconds: length of the episodes: smallest, median, largest.
        moments: of the values.
    """

    steps: int = 0
    values: int = 0
    rates: list[float] = field(default_factory=list)
    jitter: float = 0.0
    gaps: int = 0
    longest_gap: float = 0.0
    seconds: list[float] = field(default_factory=list)
    moments: Moments | None = None

    def add(self, episode: Episode, column: str) -> None:
        """Count one valid episode."""
        values, stamps = episode.series(column)
        self.steps += len(values)
        self.values = values.shape[1]
        self.seconds.append(float(stamps[-1] - stamps[0]) / SECOND)
        moments = moments_of(values)
        self.moments = moments if self.moments is None else self.moments.merged(moments)
        period = period_of(stamps)
        if period is None:
            return
        self.rates.append(period.rate)
        apart = np.diff(stamps) / (period.span / period.steps)
        gaps = apart > GAP
        self.gaps += int(gaps.sum())
        if gaps.any():
            self.longest_gap = max(self.longest_gap, float(np.diff(stamps)[gaps].max()) / SECOND)
        if not gaps.all():
            self.jitter = max(self.jitter, float(np.sqrt(np.mean((apart[~gaps] - 1) ** 2))))

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        found: dict[str, Any] = {
            "steps": self.steps,
            "values": self.values,
            "rate": _range(self.rates),
            "jitter": self.jitter,
            "gaps": self.gaps,
            "longestGapSeconds": self.longest_gap,
            "seconds": _range(self.seconds),
        }
        if self.moments is not None:
            found |= {
                "min": self.moments.low.tolist(),
                "max": self.moments.high.tolist(),
                "mean": self.moments.mean.tolist(),
                "std": self.moments.std.tolist(),
            }
        return found


@dataclass(slots=True)
class TableReport:
    """What one file has.

    Attributes:
        file: its name.
        episodes: its rows.
        fingerprint: see `TableFile`.
        series: by column.
        media: how many images and videos there are, by column.
        faults: the first ones, with their rows.
        fault_count: of all.
    """

    file: str
    episodes: int
    fingerprint: str
    series: dict[str, SeriesReport] = field(default_factory=dict)
    media: dict[str, int] = field(default_factory=dict)
    faults: list[tuple[int, Fault]] = field(default_factory=list)
    fault_count: int = 0

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "file": self.file,
            "episodes": self.episodes,
            "fingerprint": self.fingerprint,
            "series": {column: report.to_dict() for column, report in self.series.items()},
            "media": self.media,
            "faultCount": self.fault_count,
            "faults": [
                {"row": row, "column": one.column, "step": one.step, "what": one.what}
                for row, one in self.faults
            ],
        }


def check_table(tables: Tables, *, media: bool = True, limit: int = 20) -> TableReport:
    """Read every episode of a file, and its media.

    Args:
        tables: one file.
        media: open each clip and decode each image.
        limit: faults to keep; all are counted.

    Raises:
        TimeSeriesError, StorageError, OSError: the file cannot be read.
    """
    report = TableReport(str(tables.places[0]), len(tables), tables.fingerprint)
    report.series = {column: SeriesReport() for column in SERIES}
    checked = _Media(tables) if media else None
    for row in range(len(tables)):
        faults = list(tables.faults(row))
        if not faults:
            episode = tables.episode(row, media=False)
            for column, series in report.series.items():
                series.add(episode, column)
            _count_media(report, episode)
            if checked is not None:
                faults = list(checked.faults(row, episode))
        report.fault_count += len(faults)
        report.faults += [(row, fault) for fault in faults[: max(0, limit - len(report.faults))]]
    return report


def _count_media(report: TableReport, episode: Episode) -> None:
    for name in ("", *episode.cameras):
        camera = episode.camera(name)
        for kind, media in (("image", camera.image), ("video", camera.video)):
            column = camera_column(kind, name)
            report.media[column] = report.media.get(column, 0) + (media is not None)


class _Media:
    """Opens the media of one episode after the other."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._reader = FrameReader(cache_bytes=0)

    def faults(self, row: int, episode: Episode) -> Iterator[Fault]:
        """What is wrong with the images and videos of a valid episode."""
        for name in ("", *episode.cameras):
            camera = episode.camera(name)
            for kind in ("image", "video"):
                column = camera_column(kind, name)
                try:
                    what = self._wrong(row, column, camera, episode)
                except MediaError as error:
                    what = f"{error.what}{f': {error.why}' if error.why else ''}"
                except FaultError as error:
                    what = error.fault.what
                if what:
                    yield Fault(column, what)

    def _wrong(self, row: int, column: str, camera: Camera, episode: Episode) -> str:
        video = column.startswith("video")
        media = camera.video if video else camera.image
        if media is None:
            return ""
        read = self._tables.media(row, column, media)
        source = source_of(read, self._tables.place(row), (row, column))
        if not video:
            read_image(source)
            return ""
        times = self._reader.table(source).times + (camera.video_start or 0)
        if camera.video_timestamps is not None:
            if len(camera.video_timestamps) != len(times):
                return f"{len(camera.video_timestamps)} timestamps, but {len(times)} in the clip"
            times = camera.video_timestamps
        stamps = episode.actions_timestamps
        if times[-1] < stamps[0] or times[0] > stamps[-1]:
            first, last = times[0] / SECOND, times[-1] / SECOND
            return (
                f"no frame is at the time of an action: the frames are from {first} s to {last} s"
            )
        return ""


def _range(values: Sequence[float]) -> dict[str, float] | None:
    if not values:
        return None
    return {"min": min(values), "median": float(np.median(values)), "max": max(values)}
