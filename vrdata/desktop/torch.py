"""Sequences of desktop recordings with their pictures. The only module that imports torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
import torch
from PIL import Image
from torch.utils.data import Dataset

from vrdata.desktop.pictures.loading import CACHE, OnMissing, Pictures
from vrdata.errors import UsageError
from vrdata.frames.pixels import Frame
from vrdata.frames.reader import CacheInfo

Item = dict[str, Any]
"""See `VLMDatasetBuilder.__getitem__`."""
ImageFormat = Literal["pil", "tensor", "numpy"]
_COLUMNS = ("instruction", "encoded_events", "image_refs", "metadata")


class Rows(Protocol):
    """A split of a `datasets.DatasetDict`, or any sequence of such rows."""

    def __len__(self) -> int:
        """The number of rows."""

    def __getitem__(self, index: int, /) -> Mapping[str, Any]:
        """One row."""


class VLMDatasetBuilder(Dataset[Item]):
    """Sequences as training examples; their pictures are loaded when an item is.

    Memory has references and the cache only. Each process that loads data opens the videos itself,
    and has a cache of its own.
    """

    def __init__(  # noqa: PLR0913 - the first four are those of the former class
        self,
        dataset: Rows,
        image_format: ImageFormat = "pil",
        cache_images: bool = False,
        max_cache_size: int = 1000,
        *,
        media_root: str | Path | Mapping[str, str] | None = None,
        max_cache_bytes: int = CACHE,
        on_missing: OnMissing = "raise",
    ) -> None:
        """Open no file yet.

        Args:
            dataset: a split of the dataset of stage 3, such as `load_from_disk(folder)["train"]`.
            image_format: `pil`: RGB images; `tensor`: float32 [3, height, width] from 0 to 1;
                `numpy`: uint8 [height, width, 3] RGB, where open-world-agents had BGRA.
            cache_images: keep pictures in memory, those that were used last.
            max_cache_size: pictures to keep.
            media_root: a folder, at which relative `file_path`s start, or new folders by the former
                ones, for recordings that were moved.
            max_cache_bytes: of the pictures that are kept, in each process that loads data.
            on_missing: `raise`, or `skip`: leave out a picture that cannot be loaded, and warn.

        Raises:
            UsageError: an argument or the dataset cannot be used.
        """
        if image_format not in _CONVERTED:
            raise UsageError(
                f"image_format={image_format!r}", fix=f"use one of {', '.join(_CONVERTED)}"
            )
        _check_columns(dataset)
        self._rows = dataset
        self._converted = image_format
        kept = max_cache_size if cache_images else 0
        self._pictures = Pictures(
            kept, max_cache_bytes, media_root=media_root, on_missing=on_missing
        )

    def __len__(self) -> int:
        """The number of sequences."""
        return len(self._rows)

    def __getitem__(self, index: int) -> Item:
        """One example.

        Returns:
            `instruction`, `encoded_events`, `images` in the order of `image_refs`, `metadata`.

        Raises:
            MediaError: a picture cannot be loaded; see `Pictures.load_many`.
            OSError: a file cannot be read.
        """
        return self.__getitems__([index])[0]

    def __getitems__(self, indexes: Sequence[int]) -> list[Item]:
        """Several examples; `DataLoader` asks for a batch, of which each video is decoded once."""
        rows = [self._rows[int(index)] for index in indexes]
        requests = [(_refs(row["image_refs"]), str(row["metadata"]["file_path"])) for row in rows]
        loaded = self._pictures.load_many(requests)
        convert = _CONVERTED[self._converted]
        return [
            {
                "instruction": row["instruction"],
                "encoded_events": row["encoded_events"],
                "images": [convert(frame) for frame in frames if frame is not None],
                "metadata": row["metadata"],
            }
            for row, frames in zip(rows, loaded, strict=True)
        ]

    @property
    def cache_info(self) -> CacheInfo:
        """Hits, misses and memory of the cache of this process."""
        return self._pictures.info

    @staticmethod
    def collate(items: Sequence[Item]) -> dict[str, list[Any]]:
        """A batch: a list of each value, as examples differ in their number of pictures.

        Use it as the `collate_fn` of a `DataLoader`.
        """
        return {name: [item[name] for item in items] for name in items[0]}


def _check_columns(dataset: Any) -> None:
    names = getattr(dataset, "column_names", _COLUMNS)
    if isinstance(dataset, Mapping):
        raise UsageError(
            f"the dataset has the splits {', '.join(map(str, dataset))}",
            fix='choose one of them, such as dataset["train"]',
        )
    missing = [name for name in _COLUMNS if name not in names]
    if missing:
        raise UsageError(
            f"the dataset has no column {', '.join(missing)}",
            fix="use what `vrdata desktop sequences` wrote",
        )


def _refs(refs: Any) -> Sequence[Mapping[str, Any]]:
    """Rows of references; some versions of `datasets` return columns of them."""
    if not isinstance(refs, Mapping):
        return list(refs)
    return [dict(zip(refs, values, strict=True)) for values in zip(*refs.values(), strict=True)]


def _tensor(frame: Frame) -> torch.Tensor:
    return torch.from_numpy(frame.transpose(2, 0, 1).copy()).to(torch.float32).div_(255)


_CONVERTED: dict[str, Callable[[Frame], Any]] = {
    "pil": Image.fromarray,
    "tensor": _tensor,
    "numpy": np.array,
}
