"""The frames of a LeRobot dataset as Parquet files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from vrdata.timeseries.convert.lerobot.write.places import Numbered

MAX_BYTES = 100_000_000
_TYPES = {np.dtype(np.float32): pa.float32(), np.dtype(np.int64): pa.int64()}


class DataFiles:
    """Appends the frames of episodes; a new file begins after MAX_BYTES.

    Args:
        folder: `data/` of the dataset.
    """

    def __init__(self, folder: Path) -> None:
        self._places = Numbered(folder, "parquet")
        self._writer: pq.ParquetWriter | None = None
        self._bytes = 0

    def append(self, columns: Mapping[str, NDArray[Any]]) -> tuple[int, int]:
        """Write the frames of an episode.

        Args:
            columns: [K] or [K, D] values by feature.

        Returns:
            The numbers of the chunk and of the file.
        """
        table = pa.table({name: _column(values) for name, values in columns.items()})
        if self._writer is None or self._bytes + table.nbytes > MAX_BYTES:
            self.close()
            self._writer = pq.ParquetWriter(self._places.next(), table.schema)
            self._bytes = 0
        self._writer.write_table(table)
        self._bytes += table.nbytes
        return self._places.chunk, self._places.file

    def close(self) -> None:
        """Finish the last file."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None


def _column(values: NDArray[Any]) -> pa.Array:
    """A column, made of buffers: pyarrow may not know numpy."""
    flat = np.ascontiguousarray(values.reshape(-1))
    array = pa.Array.from_buffers(_TYPES[flat.dtype], flat.size, [None, pa.py_buffer(flat)])
    if values.ndim == 1:
        return array
    return pa.FixedSizeListArray.from_arrays(array, values.shape[1])
