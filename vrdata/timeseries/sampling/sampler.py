"""A batch sampler that goes on exactly where training stopped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from vrdata.errors import InvalidInputError
from vrdata.timeseries.sampling.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from vrdata.timeseries.sampling.order import Batching, Blocks, permutation

Batch = TypeVar("Batch")


class StatefulSampler:
    """The batches of one rank; each epoch has its own order, which depends only on seed and epoch.

    Give it to a `DataLoader` as `batch_sampler`, and take the batches from `track`:

        for batch in sampler.track(loader):
            train(batch)
            sampler.save(path)

    The workers of a loader fetch batches ahead. Only `track` knows which batch training has got: it
    moves the position, not the iteration over the sampler. Iterating goes from the position to the
    end of the epoch.

    Attributes:
        epoch: number of the epoch, from 0; `track` increases it at the end.
        next: how many indices of the epoch are done, on all ranks together.
    """

    def __init__(  # noqa: PLR0913 - one fact each
        self,
        size: int,
        batching: Batching,
        *,
        seed: int = 0,
        shuffle: bool = True,
        fingerprint: str = "",
        blocks: Blocks | None = None,
    ) -> None:
        """Start with the first epoch.

        Args:
            size: number of samples of the dataset.
            batching: size of a batch, and the rank of this process.
            seed: of the order.
            shuffle: False = ascending indices in each epoch.
            fingerprint: of the data; a checkpoint of other data is refused.
            blocks: shuffle some of them at a time; None = all indices together.

        Raises:
            ValueError: size or seed is negative, or the blocks have another size.
        """
        if size < 0 or seed < 0:
            raise ValueError("size and seed must not be negative")
        if blocks is not None and int(blocks.bounds[-1]) != size:
            raise ValueError(f"the blocks end at {blocks.bounds[-1]}, and the dataset at {size}")
        self._blocks = blocks if shuffle else None
        self._size, self._batching, self._fingerprint = size, batching, fingerprint
        self._seed, self._shuffle = seed, shuffle
        self.epoch = 0
        self.next = 0

    def __len__(self) -> int:
        """The number of batches that are left in the epoch, equal on all ranks."""
        return self._batching.count(self._size, self.next)

    def __iter__(self) -> Iterator[list[int]]:
        """The indices of each batch that is left in the epoch."""
        return self._batching.batches(self._order(), self.next)

    def _order(self) -> NDArray[np.int64]:
        if not self._shuffle:
            return np.arange(self._size)
        if self._blocks is not None:
            return self._blocks.permutation(self._seed, self.epoch)
        return permutation(self._size, self._seed, self.epoch)

    def track(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """Hand out the batches of the rest of an epoch, and move the position with each.

        Args:
            batches: a loader that iterates over this sampler once; or the sampler itself.

        Raises:
            RuntimeError: the loader gave another number of batches than the sampler has.
        """
        expected, given = len(self), 0
        for batch in batches:
            given += 1
            if given > expected:
                raise RuntimeError(f"the loader has more than the {expected} batches of the epoch")
            self.next = min(self.next + self._batching.step, self._size)
            yield batch
        if given != expected:
            raise RuntimeError(f"the loader gave {given} of the {expected} batches of the epoch")
        self.epoch, self.next = self.epoch + 1, 0

    def state(self) -> Checkpoint:
        """The position; equal on all ranks."""
        return Checkpoint(
            epoch=self.epoch,
            next=self.next,
            seed=self._seed,
            shuffle=self._shuffle,
            size=self._size,
            fingerprint=self._fingerprint,
            world_size=self._batching.world_size,
            batch_size=self._batching.batch_size,
            blocks="" if self._blocks is None else self._blocks.digest,
        )

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go on from a position, also with another batch size or number of ranks.

        Raises:
            InvalidInputError: the checkpoint belongs to another order, or to other data.
        """
        mine = self.state()
        for field in ("size", "seed", "shuffle", "blocks", "fingerprint"):
            theirs, ours = getattr(checkpoint, field), getattr(mine, field)
            compared = field != "fingerprint" or "" not in (theirs, ours)
            if theirs != ours and compared:
                raise InvalidInputError(
                    f"the checkpoint has another order: its {field} is {theirs!r}, not {ours!r}",
                    why="resuming would repeat some samples and skip others",
                    fix="use the same data and seed, or remove the checkpoint",
                )
        if checkpoint.next > checkpoint.size:
            raise InvalidInputError(
                f"the checkpoint is damaged: position {checkpoint.next} of {checkpoint.size}",
                fix="remove the checkpoint",
            )
        self.epoch, self.next = checkpoint.epoch, checkpoint.next

    def save(self, path: str | Path) -> None:
        """Write the position. On several ranks, call it on one.

        Raises:
            OSError: the file cannot be written.
        """
        write_checkpoint(Path(path), self.state())

    def load(self, path: str | Path) -> None:
        """Go on from a file. Raises as `read_checkpoint` and `restore`."""
        self.restore(read_checkpoint(Path(path)))
