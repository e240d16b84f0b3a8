"""Windows of time series as PyTorch tensors. The only module that imports torch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.distributed
from torch.utils.data import DataLoader, Dataset

from vrdata.errors import UsageError
from vrdata.timeseries.sampling.order import Batching, Blocks
from vrdata.timeseries.sampling.sampler import StatefulSampler
from vrdata.timeseries.table.schema import SERIES
from vrdata.timeseries.tokens import HashTokenizer, Tokenizer
from vrdata.timeseries.windows.dataset import WindowDataset, WindowOptions

Item = dict[str, Any]
_PICTURES = frozenset({"image", "video"})


def choose_device(device: str | torch.device | None = None) -> torch.device:
    """The device for a batch: the one that is named, else CUDA, MPS or the CPU."""
    if device is not None:
        return torch.device(device)
    if torch.cuda.is_available():
        return torch.device("cuda", torch.cuda.current_device())
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


class TimeSeriesParquetDataset(Dataset[Item]):
    """Windows of one or several tables; see `WindowDataset` for their contents.

    An item has tensors on the CPU: `actions` and `observations` float32 [steps, values], `video`
    uint8 [frames, 3, height, width], `image` uint8 [3, height, width], each with a mask, and
    `text`, the tensors of the tokenizer. `loader` moves batches to the device: processes that load
    data cannot use CUDA.

    Attributes:
        windows: the same windows as NumPy arrays.
        device: where `loader` moves its batches.
    """

    def __init__(  # noqa: PLR0913 - the first seven are those of the former class
        self,
        parquet_file: str | Path | Sequence[str | Path],
        acts_length_sec: float,
        obs_length_sec: float,
        video_frame_offsets: Sequence[int] | None = None,
        checkpoint_path: str | Path | None = None,
        sample_rate: float | None = None,
        device: str | torch.device | None = None,
        *,
        options: WindowOptions | None = None,
        tokenizer: Tokenizer | None = None,
    ) -> None:
        """Open the tables; reads the footers only.

        Args:
            parquet_file: a path, an `s3://` URL, or several.
            acts_length_sec: seconds of the actions of a window.
            obs_length_sec: seconds of its observations.
            video_frame_offsets: frames around the first action; None = [0].
            checkpoint_path: where `loader` goes on, and saves its position.
            sample_rate: Hz of resampled windows; None = each series has its own rate.
            device: for batches; None = CUDA or MPS if there is one.
            options: everything else; the offsets and the rate above come first.
            tokenizer: one of the library transformers, or similar; None = `HashTokenizer`.

        Raises:
            Same as `WindowDataset`.
        """
        options = options or WindowOptions()
        if video_frame_offsets is not None:
            options = replace(options, video_frame_offsets=tuple(video_frame_offsets))
        if sample_rate is not None:
            options = replace(options, sample_rate=sample_rate)
        self.windows = WindowDataset(parquet_file, acts_length_sec, obs_length_sec, options)
        self.device = choose_device(device)
        self._checkpoint = None if checkpoint_path is None else Path(checkpoint_path)
        self._tokenizer = tokenizer or HashTokenizer()

    def __len__(self) -> int:
        """The number of windows."""
        return len(self.windows)

    def __getitem__(self, index: int) -> Item:
        """One window. Raises as `WindowDataset`."""
        return {name: self._tensor(name, value) for name, value in self.windows[index].items()}

    def _tensor(self, name: str, value: Any) -> Any:
        if name == "text":
            tokens = self._tokenizer([value], padding=True, truncation=True, return_tensors="np")
            return {key: torch.from_numpy(np.asarray(row)[0]) for key, row in tokens.items()}
        if not isinstance(value, np.ndarray):
            return torch.as_tensor(value)
        tensor = torch.from_numpy(value)
        is_picture = name.partition(".")[0] in _PICTURES and value.ndim > 2
        return tensor.movedim(-1, -3) if is_picture else tensor

    def collate(self, items: Sequence[Item]) -> Item:
        """Stack items to a batch on the CPU.

        Shorter texts, and windows with fewer steps because of a lower rate, are padded.

        Raises:
            RuntimeError: frames or pictures differ in size; choose a `frame_size`.
        """
        padding = int(getattr(self._tokenizer, "pad_token_id", 0) or 0)
        batch: Item = {}
        for name, first in items[0].items():
            values = [item[name] for item in items]
            if name == "text":
                batch[name] = {
                    key: _padded([one[key] for one in values], padding * (key == "input_ids"))
                    for key in first
                }
            elif name.startswith(SERIES):
                batch[name] = _padded(values, 0)
            else:
                batch[name] = torch.stack(values)
        return batch

    def loader(
        self,
        batch_size: int = 32,
        shuffle: bool = True,
        *,
        seed: int = 0,
        drop_last: bool = False,
        mixed_groups: int = 0,
        **options: Any,
    ) -> Loader:
        """Batches from where the checkpoint says, or from the first epoch.

        With `torch.distributed`, each process gets its part of each step.

        Args:
            batch_size: windows of one batch of one process.
            shuffle: False = ascending in each epoch.
            seed: of the order.
            drop_last: leave out the last step of an epoch if it is not full.
            mixed_groups: shuffle the windows of so many row groups at a time, which is faster for
                tables that do not fit into the cache; 0 = all windows.
            options: further arguments of `DataLoader`, such as `num_workers`.

        Raises:
            InvalidInputError: the checkpoint is damaged, or belongs to other data.
            UsageError: `persistent_workers` with random starts: they would never change.
        """
        if options.get("persistent_workers") and self.windows.options.start == "random":
            raise UsageError(
                "persistent_workers does not go with start='random'",
                why="workers that live on do not learn of a new epoch",
                fix="leave out one of them",
            )
        distributed = torch.distributed.is_available() and torch.distributed.is_initialized()
        rank = torch.distributed.get_rank() if distributed else 0
        world_size = torch.distributed.get_world_size() if distributed else 1
        sampler = StatefulSampler(
            len(self),
            Batching(batch_size, drop_last, rank, world_size),
            seed=seed,
            shuffle=shuffle,
            fingerprint=self.windows.tables.fingerprint,
            blocks=Blocks(self.windows.group_bounds(), mixed_groups) if mixed_groups else None,
        )
        if self._checkpoint is not None and self._checkpoint.exists():
            sampler.load(self._checkpoint)
        return Loader(self, sampler, self._checkpoint if rank == 0 else None, options)


class Loader:
    """Batches of the rest of an epoch, on the device; the next iteration is the next epoch.

    Attributes:
        sampler: has the position.
    """

    def __init__(
        self,
        dataset: TimeSeriesParquetDataset,
        sampler: StatefulSampler,
        checkpoint: Path | None,
        options: Mapping[str, Any],
    ) -> None:
        """See `TimeSeriesParquetDataset.loader`."""
        self.sampler = sampler
        self._checkpoint, self._dataset = checkpoint, dataset
        self._batches: DataLoader[Item] = DataLoader(
            dataset, batch_sampler=sampler, collate_fn=dataset.collate, **options
        )

    def __len__(self) -> int:
        """The number of batches that are left in the epoch."""
        return len(self.sampler)

    def __iter__(self) -> Iterator[Item]:
        """The batches that are left in the epoch. Raises as `WindowDataset`."""
        self._dataset.windows.set_epoch(self.sampler.epoch)
        for batch in self.sampler.track(self._batches):
            yield move(batch, self._dataset.device)

    def save(self) -> None:
        """Write the position after the batch that was given last; only rank 0 writes.

        Without a `checkpoint_path` it does nothing.

        Raises:
            OSError: the file cannot be written.
        """
        if self._checkpoint is not None:
            self.sampler.save(self._checkpoint)


def _padded(values: Sequence[torch.Tensor], padding: int) -> torch.Tensor:
    return torch.nn.utils.rnn.pad_sequence(list(values), batch_first=True, padding_value=padding)


def move(value: Any, device: torch.device) -> Any:
    """Tensors, in dicts too, on a device."""
    if isinstance(value, Mapping):
        return {name: move(one, device) for name, one in value.items()}
    return value.to(device, non_blocking=True)
