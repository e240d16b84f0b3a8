"""Write a table, one row group after the other, with flat memory."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import IO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from vrdata.timeseries.table.arrow import media_array, seed_array, stamps_array, steps_array
from vrdata.timeseries.table.episode import Episode, Media
from vrdata.timeseries.table.faults import Fault, FaultError, TimeSeriesError, find_faults
from vrdata.timeseries.table.schema import (
    SERIES,
    Form,
    Names,
    camera_column,
    stamps_of,
    table_schema,
)

EPISODES = 64
"""Episodes of a row group."""
GROUP_BYTES = 4 * 2**20
"""Bytes of values and embedded media at which a row group is written."""
CONTENT = b"vrdata.timeseries.content"
"""Key of the file's metadata: sha256 of all pages, so that other values give another footer."""


def write_table(
    path: Path,
    episodes: Iterable[Episode],
    *,
    names: Names | None = None,
    form: Form = "vrdata",
    before: Callable[[], None] | None = None,
) -> int:
    """Write episodes to a new table; it appears under its name when it is complete.

    The first episode determines the number of values of a step, their type and the cameras.

    Args:
        path: the file; an existing one is replaced.
        episodes: at least one.
        names: names of the dimensions.
        form: `seed` writes seconds into the steps, and paths; it has one camera, whose clip begins
            at the time 0.
        before: called when the table is complete and on the disk, before it gets its name.

    Returns:
        The number of episodes.

    Raises:
        FaultError: an episode is not valid. Names row, column and step.
        TimeSeriesError: there is no episode.
        OSError: the file cannot be written.
    """
    with _replaced(path, before) as stream:
        return _write(stream, episodes, names, form)


def _write(stream: _Digesting, episodes: Iterable[Episode], names: Names | None, form: Form) -> int:
    rows = enumerate(episodes)
    first = next(rows, None)
    if first is None:
        raise TimeSeriesError("there is no episode to write", fix="a table has at least one row")
    layout = _Layout(first[1], names, form)
    with _writer(stream, layout.schema) as writer:
        count = 0
        for group in _groups(chain([first], rows), layout):
            writer.write_table(layout.table(group), row_group_size=len(group))
            count += len(group)
        writer.add_key_value_metadata({CONTENT: stream.digest.hexdigest().encode()})
    return count


def _groups(rows: Iterable[tuple[int, Episode]], layout: _Layout) -> Iterator[list[Episode]]:
    """The episodes of one row group after the other, each checked. Raises FaultError."""
    group: list[Episode] = []
    size = 0
    for row, episode in rows:
        layout.check(episode, row)
        if group and (len(group) == EPISODES or size + _size(episode) > GROUP_BYTES):
            yield group
            group, size = [], 0
        group.append(episode)
        size += _size(episode)
    yield group


class _Layout:
    """What the first episode determines, and each other one is compared with."""

    def __init__(self, first: Episode, names: Names | None, form: Form) -> None:
        self._form = form
        self._cameras = tuple(first.cameras)
        self._single = {column: first.series(column)[0].dtype == np.float32 for column in SERIES}
        self._dimensions: dict[str, int] = {}
        for column in SERIES:
            values = first.series(column)[0]
            if values.ndim == 2:
                self._dimensions[column] = values.shape[1]
        self.schema = table_schema(
            self._dimensions.get("actions", 1),
            self._dimensions.get("observations", 1),
            cameras=self._cameras,
            single=self._single,
            names=names,
            form=form,
        )

    def check(self, episode: Episode, row: int) -> None:
        """Raises FaultError."""
        faults = [*find_faults(episode, self._dimensions), *self._unlike(episode)]
        if faults:
            raise FaultError(faults[0], row)

    def table(self, episodes: Sequence[Episode]) -> pa.Table:
        """The rows of a row group."""
        columns: dict[str, pa.Array] = {"text": pa.array([one.text for one in episodes])}
        for column in SERIES:
            series = [one.series(column) for one in episodes]
            values, stamps = [pair[0] for pair in series], [pair[1] for pair in series]
            if self._form == "seed":
                columns[column] = seed_array(values, stamps)
            else:
                columns[column] = steps_array(values, self.schema.field(column).type)
                columns[stamps_of(column)] = stamps_array(stamps)
        for camera in ("", *self._cameras):
            columns |= self._camera(episodes, camera)
        if self._form != "seed":
            columns["audio"] = media_array([None] * len(episodes))
        return pa.table(columns, schema=self.schema)

    def _camera(self, episodes: Sequence[Episode], camera: str) -> dict[str, pa.Array]:
        views = [one.camera(camera) for one in episodes]
        images, videos = [view.image for view in views], [view.video for view in views]
        if self._form == "seed":
            return {"image": _paths(images), "video": _paths(videos)}
        return {
            camera_column("image", camera): media_array(images),
            camera_column("video", camera): media_array(videos),
            camera_column("video_start", camera): pa.array(
                [view.video_start for view in views], pa.int64()
            ),
            camera_column("video_timestamps", camera): stamps_array(
                [view.video_timestamps for view in views]
            ),
        }

    def _unlike(self, episode: Episode) -> Iterator[Fault]:
        if set(episode.cameras) != set(self._cameras):
            yield Fault("video", f"cameras {sorted(episode.cameras)}, row 0 has {self._cameras}")
        for column in SERIES:
            if self._single[column] and episode.series(column)[0].dtype != np.float32:
                yield Fault(column, "float64, the table has float32: values would lose digits")
        if self._form == "seed":
            yield from _not_in_seed_form(episode)


def _not_in_seed_form(episode: Episode) -> Iterator[Fault]:
    """What the form of the seed cannot hold."""
    if episode.cameras:
        yield Fault("video", "the form `seed` has one camera")
    if episode.video_start or episode.video_timestamps is not None:
        yield Fault("video_start", "in the form `seed`, the clip begins at the time 0")
    for kind, media in (("image", episode.image), ("video", episode.video)):
        if media is not None and media.data:
            yield Fault(kind, "the form `seed` has paths only, and this one has bytes")
    for column in SERIES:
        seconds = episode.series(column)[1] / 1e9
        if not (seconds[1:] > seconds[:-1]).all():
            yield Fault(stamps_of(column), "as seconds in float64, two timestamps become equal")


def _paths(media: Sequence[Media | None]) -> pa.Array:
    return pa.array([None if one is None else one.path for one in media], pa.string())


def _size(episode: Episode) -> int:
    size = episode.actions.nbytes + episode.observations.nbytes
    for name in ("", *episode.cameras):
        view = episode.camera(name)
        size += sum(len(media.data) for media in (view.image, view.video) if media is not None)
    return size


def _writer(stream: _Digesting, schema: pa.Schema) -> pq.ParquetWriter:
    stamps = [name for name in schema.names if schema.field(name).type == pa.list_(pa.int64())]
    return pq.ParquetWriter(
        stream,
        schema,
        version="2.6",
        compression="zstd",
        use_dictionary=["text"],
        column_encoding={f"{name}.list.element": "DELTA_BINARY_PACKED" for name in stamps},
        write_statistics=False,  # the footer of many row groups stays small
        write_page_checksum=True,
    )


class _Digesting(io.RawIOBase):
    """A new file, and the sha256 of what was written to it so far."""

    def __init__(self, stream: IO[bytes]) -> None:
        super().__init__()
        self._stream = stream
        self.digest = hashlib.sha256()

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._stream.tell()

    def write(self, body: bytes, /) -> int:  # type: ignore[override]
        self.digest.update(body)
        return self._stream.write(body)

    def flush(self) -> None:
        if not self._stream.closed:
            self._stream.flush()


@contextmanager
def _replaced(path: Path, before: Callable[[], None] | None) -> Iterator[_Digesting]:
    """A file that takes its name when it is complete and on the disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with new.open("wb") as stream:
            yield _Digesting(stream)
            stream.flush()
            os.fsync(stream.fileno())
        if before is not None:
            before()
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)
