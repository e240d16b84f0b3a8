"""Windows of episodes as numpy arrays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import DTypeLike, NDArray

from vrdata.bounded.lru import ByteCache
from vrdata.errors import UsageError
from vrdata.frames.reader import CACHE
from vrdata.timeseries.table.episode import Episode
from vrdata.timeseries.table.faults import TimeSeriesError
from vrdata.timeseries.table.reading import Tables, open_tables
from vrdata.timeseries.table.schema import SERIES, stamps_of
from vrdata.timeseries.windows.index import Mode, WindowIndex, random_start
from vrdata.timeseries.windows.media import Outside, WindowMedia
from vrdata.timeseries.windows.period import SECOND, Period, nearest_step, period_of
from vrdata.timeseries.windows.span import Interpolation, Span, cut, resample
from vrdata.timeseries.windows.statistics import statistics

Window = dict[str, Any]
"""See `WindowDataset.__getitem__`."""
Start = Literal["first", "random"]
"""Of an episode's window in the mode `episode`: its first step, or one by seed and epoch."""
_PERIODS = 4_000
MAX_STEPS = 10**7
"""Of one window: more are a mistake in the timestamps."""


@dataclass(frozen=True, slots=True)
class WindowOptions:
    """What a window is.

    Attributes:
        mode: see `Mode`.
        stride: steps between two windows, in the mode `window`.
        start: see `Start`.
        seed: of random starts.
        video_frame_offsets: frames of a window, relative to the one at its first action.
        outside: see `Outside`.
        frame_size: height and width of frames and pictures; None = as they are.
        sample_rate: Hz to which actions and observations are resampled; None = as recorded.
        interpolation: see `resample`.
        normalise: subtract the mean, and divide by the standard deviation.
        dtype: of values.
        media: read videos and images.
    """

    mode: Mode = "episode"
    stride: int = 1
    start: Start = "first"
    seed: int = 0
    video_frame_offsets: Sequence[int] = (0,)
    outside: Outside = "zero"
    frame_size: tuple[int, int] | None = None
    sample_rate: float | None = None
    interpolation: Interpolation = "linear"
    normalise: bool = False
    dtype: DTypeLike = np.float32
    media: bool = True

    def check(self) -> None:
        """Raises UsageError."""
        wrong = {
            "stride": self.stride < 1,
            "sample_rate": self.sample_rate is not None and not 0 < self.sample_rate < np.inf,
            "frame_size": self.frame_size is not None and min(self.frame_size) < 1,
            "video_frame_offsets": not self.video_frame_offsets,
            "mode": self.mode not in {"episode", "window"},
            "start": self.start not in {"first", "random"},
            "outside": self.outside not in {"zero", "clamp"},
            "interpolation": self.interpolation not in {"linear", "nearest", "hold"},
        }
        for name, is_wrong in wrong.items():
            if is_wrong:
                raise UsageError(f"{name} cannot be {getattr(self, name)!r}")


class WindowDataset:
    """A sequence of windows. It can be sent to other processes, and read in any order.

    Args:
        tables: paths or URLs of Parquet files, or opened ones.
        acts_length_sec: seconds of actions in a window.
        obs_length_sec: seconds of observations in a window.
        options: see `WindowOptions`.
        cache_bytes: of decoded frames to keep.

    Attributes:
        tables: the episodes.
        options: what a window is.

    Raises:
        UsageError: an argument is invalid.
        TimeSeriesError, NotFoundError, StorageError, OSError: as `open_tables`.
    """

    def __init__(
        self,
        tables: Tables | str | Path | Sequence[str | Path],
        acts_length_sec: float,
        obs_length_sec: float,
        options: WindowOptions | None = None,
        *,
        cache_bytes: int = CACHE,
    ) -> None:
        if isinstance(tables, str | Path):
            tables = [tables]
        self.tables = tables if isinstance(tables, Tables) else open_tables(tables)
        self.options = options or WindowOptions()
        self.options.check()
        self._lengths = {
            "actions": _nanoseconds("acts_length_sec", acts_length_sec),
            "observations": _nanoseconds("obs_length_sec", obs_length_sec),
        }
        self._epoch = 0
        self._windows = None
        if self.options.mode == "window":
            self._windows = WindowIndex(self.tables.steps("actions"), self.options.stride)
        self._media = WindowMedia(
            self.tables,
            self.options.video_frame_offsets,
            self.options.outside,
            self.options.frame_size,
            cache_bytes,
        )
        self._periods: ByteCache[tuple[int, str], tuple[Period | None, int]] = ByteCache(_PERIODS)
        self._scale: dict[str, tuple[Any, Any]] = {}
        if self.options.normalise:
            for column, moments in statistics(self.tables).items():
                varies = moments.high > moments.low  # rounding gives constants a tiny deviation
                self._scale[column] = moments.mean, np.where(varies, moments.std, 1.0)

    def __len__(self) -> int:
        """The number of windows: of episodes, or of starts of windows."""
        return len(self.tables) if self._windows is None else len(self._windows)

    def __iter__(self) -> Iterator[Window]:
        """All windows in their order."""
        return (self[index] for index in range(len(self)))

    def group_bounds(self) -> NDArray[np.int64]:
        """[G + 1] the first window of each row group of the tables, and the number of windows."""
        tables = self.tables
        groups = (one for file in range(len(tables.places)) for one in tables.group_ranges(file))
        episodes = [0, *(stop for _, stop in groups)]
        index = self._windows
        return np.array([one if index is None else index.first(one) for one in episodes], np.int64)

    def set_epoch(self, epoch: int) -> None:
        """Random starts are others in each epoch, and equal when an epoch is repeated."""
        self._epoch = epoch

    def locate(self, index: int) -> tuple[int, int]:
        """The episode and the first step of a window. Raises IndexError."""
        if not 0 <= index < len(self):
            raise IndexError(f"window {index} of {len(self)}")
        if self._windows is not None:
            return self._windows.locate(index)
        if self.options.start == "first":
            return index, 0
        steps = len(self.tables.episode(index, media=False).actions)
        return index, random_start(self.options.seed, self._epoch, index, steps)

    def __getitem__(self, index: int) -> Window:
        """One window.

        Returns:
            `text`; `episode` and `step`, where it begins; of actions and of observations: [n, D]
            values, `…_mask` [n] and `…_timestamps` [n]; of each camera: `video` [F, H, W, 3] RGB
            with `video_mask` [F], and `image` [H, W, 3] RGB with `image_mask`. Further cameras
            have the keys `video.NAME`, `video_mask.NAME` and so on.

        Raises:
            IndexError: there is no such window.
            FaultError: the episode is not valid.
            MediaError: a clip or picture cannot be decoded.
            TimeSeriesError, StorageError, OSError: a file cannot be read.
        """
        number, step = self.locate(index)
        episode = self.tables.episode(number, media=False)
        time = int(episode.actions_timestamps[step])
        window: Window = {"text": episode.text, "episode": number, "step": step}
        for column in SERIES:
            values, stamps, mask = self._span(number, episode, column, time, step)
            if column in self._scale:
                mean, std = self._scale[column]
                values = np.where(mask[:, None], (values - mean) / std, 0)
                values = values.astype(self.options.dtype)
            window |= {column: values, f"{column}_mask": mask, stamps_of(column): stamps}
        if self.options.media:
            for name in ("", *episode.cameras):
                window |= self._camera(number, episode, name, time)
        return window

    def _span(self, number: int, episode: Episode, column: str, time: int, step: int) -> Span:
        values, stamps = episode.series(column)
        period, count = self._period(number, column, stamps)
        dtype = self.options.dtype
        if self.options.sample_rate is not None:
            times = time + _grid(self._lengths[column], self.options.sample_rate)
            return resample(values, stamps, times, period, self.options.interpolation, dtype)
        first = step if column == "actions" else nearest_step(stamps, time, period)
        return cut(values, stamps, first, count, dtype)

    def _period(self, number: int, column: str, stamps: Any) -> tuple[Period | None, int]:
        """The period of a series of an episode, and the steps of a window at this rate."""
        known = self._periods.get((number, column))
        if known is None:
            period = period_of(stamps)
            count = 1
            if period is not None and self.options.sample_rate is None:
                count = _count(period, self._lengths[column])
            known = period, count
            self._periods.put((number, column), known, 1)
        return known

    def _camera(self, number: int, episode: Episode, name: str, time: int) -> Window:
        camera, ending = episode.camera(name), f".{name}" if name else ""
        video, frames = self._media.video(number, name, camera, time)
        image, there = self._media.image(number, name, camera)
        found = {"video": video, "video_mask": frames, "image": image, "image_mask": there}
        return {f"{key}{ending}": value for key, value in found.items()}


def _nanoseconds(name: str, seconds: float) -> int:
    if not 0 < seconds < 1e9:
        raise UsageError(f"{name} cannot be {seconds!r}", fix="name seconds, more than 0")
    return round(seconds * SECOND)


def _count(period: Period, length: int) -> int:
    """Steps of a window. Raises TimeSeriesError for more than MAX_STEPS."""
    count = period.count(length)
    if count > MAX_STEPS:
        raise TimeSeriesError(
            f"a window of {length / SECOND:g} s has {count} steps",
            why=f"there are {period.span / period.steps:g} ns between two steps",
            fix="timestamps are nanoseconds: look at the rates in `vrdata timeseries check`",
        )
    return count


def _grid(length: int, rate: float) -> Any:
    """Nanoseconds of each sample of a window after its start."""
    period = Period(round(SECOND * 1000 / rate), 1000)  # thousandths of a nanosecond are enough
    steps = np.arange(_count(period, length), dtype=np.int64)
    return (2 * steps * period.span + period.steps) // (2 * period.steps)
