"""What is wrong with an episode: the column, the step, the reason. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from vrdata.errors import InvalidInputError
from vrdata.text import count
from vrdata.timeseries.table.episode import Camera, Episode, Media, Stamps, Steps
from vrdata.timeseries.table.schema import SERIES, camera_column, stamps_of


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong.

    Attributes:
        column: where.
        what: e.g. `the timestamp 7 does not come after 9`.
        step: the step or frame, from 0; None = the whole value.
    """

    column: str
    what: str
    step: int | None = None

    def __str__(self) -> str:
        step = "" if self.step is None else f" step {self.step}:"
        return f"{self.column}:{step} {self.what}"


class RowFault(Exception):  # noqa: N818 - it becomes a FaultError where the row is known
    """A row that cannot become an episode. Carries the fault."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


class TimeSeriesError(InvalidInputError, ValueError):
    """A table or an episode that cannot be used."""


class FaultError(TimeSeriesError):
    """A fault of a row.

    Attributes:
        fault: the fault.
        row: the row, from 0.
    """

    def __init__(self, fault: Fault, row: int, table: str = "") -> None:
        where = f"{table}: row {row}" if table else f"row {row}"
        super().__init__(
            f"{where}: {fault}",
            fix="correct the row; `vrdata timeseries check` lists all faults of a table",
        )
        self.fault, self.row, self.table = fault, row, table

    def __reduce__(self) -> tuple[type[FaultError], tuple[Fault, int, str]]:
        """Workers send errors to their parent."""
        return type(self), (self.fault, self.row, self.table)


def find_faults(
    episode: Episode, dimensions: dict[str, int] | None = None, *, unread: bool = False
) -> Iterator[Fault]:
    """All faults of an episode, at most one of each kind in each column.

    Args:
        episode: the values.
        dimensions: values of a step of `actions` and of `observations`, as the table has them.
        unread: the bytes of media may be in the table: a missing path is no fault.
    """
    if not isinstance(episode.text, str):
        yield Fault("text", "there is no text")
    for column in SERIES:
        values, stamps = episode.series(column)
        yield from _of_steps(column, values, (dimensions or {}).get(column))
        yield from _of_stamps(stamps_of(column), stamps, len(values))
    for name in ("", *episode.cameras):
        yield from _of_camera(name, episode.camera(name), unread=unread)


def _of_steps(column: str, values: Steps, dimensions: int | None) -> Iterator[Fault]:
    if values.ndim != 2 or values.dtype.kind != "f":
        yield Fault(column, f"{values.ndim} axes of {values.dtype}: expected 2 axes of floats")
        return
    if not len(values):
        yield Fault(column, "it has no steps")
        return
    if not values.shape[1]:
        yield Fault(column, "its steps have no values")
    elif dimensions not in {None, values.shape[1]}:
        yield Fault(
            column,
            f"dimension mismatch: {count(values.shape[1], 'value')} a step, expected {dimensions}",
        )
    finite = np.isfinite(values)
    if not finite.all():
        step, dimension = np.argwhere(~finite)[0].tolist()
        yield Fault(column, f"value {dimension} is {values[step, dimension]}", step)


def _of_stamps(column: str, stamps: Stamps, steps: int | None) -> Iterator[Fault]:
    if stamps.ndim != 1 or stamps.dtype != np.int64:
        yield Fault(column, f"{stamps.ndim} axes of {stamps.dtype}: expected 1 axis of int64")
        return
    if steps is not None and len(stamps) != steps:
        yield Fault(column, f"{count(len(stamps), 'timestamp')} for {count(steps, 'step')}")
    if len(stamps) < 2:
        return
    later = stamps[1:] > stamps[:-1]
    if later.all():
        return
    if (stamps == stamps[0]).all():
        yield Fault(
            column,
            f"constant: all {len(stamps)} timestamps are {stamps[0]} ns, "
            "as after a conversion of seconds to float32",
        )
        return
    step = int(np.argmin(later)) + 1
    yield Fault(
        column,
        f"not increasing: the timestamp {stamps[step]} ns does not come after "
        f"{stamps[step - 1]} ns",
        step,
    )


def _of_camera(name: str, camera: Camera, *, unread: bool) -> Iterator[Fault]:
    for kind, media in (("image", camera.image), ("video", camera.video)):
        if media is not None and not (unread and not media.path):
            yield from _of_media(camera_column(kind, name), media)
    if camera.video_timestamps is not None:
        column = camera_column("video_timestamps", name)
        if camera.video is None:
            yield Fault(column, "there is no video")
        if not len(camera.video_timestamps):
            yield Fault(column, "it has no frames")
        yield from _of_stamps(column, camera.video_timestamps, None)


def _of_media(column: str, media: Media) -> Iterator[Fault]:
    if media.data:
        return
    if not media.path:
        yield Fault(column, "it has neither bytes nor a path")
        return
    parts = media.path.split("/")
    if media.path.startswith("/") or ".." in parts or "\\" in media.path or "\0" in media.path:
        yield Fault(column, f"{media.path!r} is not a path below the table's folder")
