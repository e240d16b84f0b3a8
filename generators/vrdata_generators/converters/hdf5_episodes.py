"""M-hdf5-episodes: rows of a table of time series, one for each episode of an HDF5 file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa

from vrdata_generators.api import Converter, Item, Options, Row
from vrdata_generators.episodes.mapping import FRANKA, EpisodeMap, parse_map
from vrdata_generators.episodes.reading import read_episodes
from vrdata_generators.episodes.recording import Recording, Series

MEASURED = {"secondsPerSample": 0.5, "peakMemoryBytes": 200_000_000, "bytesPerSample": 1_000_000}
BLOCK_SIZE = 5  # recordings are large; the files of a block are there at once
_MEDIA = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
_STEPS = pa.list_(pa.list_(pa.float64()))  # the number of values is that of each file
_STAMPS = pa.list_(pa.int64())
_ENDINGS = (".h5", ".hdf5", ".hdf", ".he5")


class Hdf5Episodes(Converter):
    """One row of each episode; the option `map` is YAML that says where the file has what."""

    name: ClassVar[str] = "M-hdf5-episodes"
    domain: ClassVar[str] = "episodes"
    schema: ClassVar[pa.Schema | None] = pa.schema(
        [
            ("text", pa.string()),
            ("actions", _STEPS),
            ("actions_timestamps", _STAMPS),
            ("observations", _STEPS),
            ("observations_timestamps", _STAMPS),
            ("image", _MEDIA),
            ("video", _MEDIA),
            ("video_start", pa.int64()),
            ("video_timestamps", _STAMPS),
            ("audio", _MEDIA),
            ("source", pa.string()),
        ],
        metadata={"vrdata.timeseries": '{"version":1}'},
    )

    def convert(self, item: Item, options: Options) -> Iterator[Row]:
        """The rows have the columns of `vrdata timeseries from-hdf5`, and the key of the item."""
        layout = _layout(options)
        names = [name for name in item.files if name.lower().endswith(_ENDINGS)]
        if len(names) != 1:
            raise ValueError(f"an item is one HDF5 file, and this one has {len(names)}")
        for recording in read_episodes(item.files[names[0]], layout, names[0]):
            yield {"source": item.key} | _row(recording)


def _layout(options: Options) -> EpisodeMap:
    """The map of the options. Raises ValueError."""
    if unknown := sorted(options.keys() - {"map"}):
        raise ValueError(f"there is no option {unknown[0]}: the only option is map")
    layout = parse_map(options["map"]) if "map" in options else FRANKA
    if layout.cameras:
        raise ValueError(
            "the rows have one camera: remove `cameras` from the map, or convert the files with "
            "`vrdata timeseries from-hdf5`, which stores several"
        )
    return layout


def _row(recording: Recording) -> dict[str, Any]:
    row: dict[str, Any] = {"text": recording.text}
    row |= _of_series("actions", recording.actions)
    row |= _of_series("observations", recording.observations)
    clip = recording.cameras.get("")
    if clip is not None and clip.image:
        row["image"] = {"bytes": clip.image, "path": "image.png"}
    if clip is not None and clip.video:
        row["video"] = {"bytes": clip.video, "path": "video.mp4"}
        row["video_start"] = int(clip.stamps[0])
        row["video_timestamps"] = clip.stamps.tolist()
    return row


def _of_series(column: str, series: Series) -> dict[str, Any]:
    if not np.isfinite(series.values).all():
        step = int(np.argwhere(~np.isfinite(series.values))[0][0])
        raise ValueError(f"{column}: step {step} has a value that is not a number")
    return {column: series.values.tolist(), f"{column}_timestamps": series.stamps.tolist()}
