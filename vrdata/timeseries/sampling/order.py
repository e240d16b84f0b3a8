"""The order of the samples of one epoch, and each rank's part of a batch. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


def permutation(size: int, seed: int, epoch: int) -> npt.NDArray[np.int64]:
    """All indices below `size`, in the order of an epoch.

    Only the raw bits of a bit generator are used: NumPy keeps them equal in all versions, which it
    does not promise of `Generator.permutation` (NEP 19).

    Raises:
        ValueError: an argument is negative.
    """
    if min(size, seed, epoch) < 0:
        raise ValueError("size, seed and epoch must not be negative")
    bits = np.random.PCG64(np.random.SeedSequence([seed, epoch])).random_raw(size)
    return np.argsort(bits, kind="stable").astype(np.int64)


@dataclass(frozen=True, eq=False)
class Blocks:
    """Indices that are stored together, so that an order can read one block after the other.

    Attributes:
        bounds: [B + 1] the first index of each block, ascending from 0, and the number of indices.
        mixed: so many blocks, chosen at random, are shuffled together.

    Raises:
        ValueError: a value is out of its range.
    """

    bounds: npt.NDArray[np.int64]
    mixed: int

    def __post_init__(self) -> None:
        if self.mixed < 1:
            raise ValueError(f"at least 1 block is shuffled at a time, not {self.mixed}")
        if not len(self.bounds) or self.bounds[0] or (np.diff(self.bounds) < 0).any():
            raise ValueError("the bounds of blocks must ascend from 0")

    @property
    def digest(self) -> str:
        """Equal for equal orders: hex sha256."""
        bounds = np.ascontiguousarray(self.bounds, "<i8").tobytes()
        return hashlib.sha256(f"{self.mixed}/".encode() + bounds).hexdigest()

    def permutation(self, seed: int, epoch: int) -> npt.NDArray[np.int64]:
        """All indices in the order of an epoch, of raw bits as in `permutation`."""
        blocks, size = len(self.bounds) - 1, int(self.bounds[-1])
        bits = np.random.PCG64(np.random.SeedSequence([seed, epoch, 1])).random_raw(blocks + size)
        turns = np.empty(blocks, np.int64)
        turns[np.argsort(bits[:blocks], kind="stable")] = np.arange(blocks) // self.mixed
        turn = np.repeat(turns, np.diff(self.bounds))
        return np.lexsort((bits[blocks:], turn)).astype(np.int64)


@dataclass(frozen=True)
class Batching:
    """How the indices of an epoch become the batches of a rank.

    Attributes:
        batch_size: samples of one batch of one rank.
        drop_last: leave out the last step of an epoch if it is not full.
        rank: number of this process, from 0.
        world_size: number of processes.

    Raises:
        ValueError: a value is out of its range.
    """

    batch_size: int
    drop_last: bool = False
    rank: int = 0
    world_size: int = 1

    def __post_init__(self) -> None:
        if self.batch_size < 1:
            raise ValueError(f"batch_size must be 1 or more, not {self.batch_size}")
        if not 0 <= self.rank < self.world_size:
            raise ValueError(f"rank {self.rank} is not in 0..{self.world_size - 1}")

    @property
    def step(self) -> int:
        """How many indices all ranks take together for one batch each."""
        return self.batch_size * self.world_size

    def batches(self, order: npt.NDArray[np.int64], start: int) -> Iterator[list[int]]:
        """The batches of this rank, from position `start` of an epoch's order.

        The last step may have fewer indices: each rank then gets equally many, and the first
        indices of the epoch fill what is missing, at most `world_size - 1`. No rank has a batch
        more than another.
        """
        for begin in range(start, len(order), self.step):
            chunk = order[begin : begin + self.step]
            if len(chunk) < self.step and self.drop_last:
                return
            missing = -len(chunk) % self.world_size
            if missing:
                chunk = np.concatenate([chunk, np.resize(order, missing)])
            yield chunk[self.rank :: self.world_size].tolist()

    def count(self, size: int, start: int) -> int:
        """The number of batches that `batches` yields."""
        left = max(size - start, 0)
        return left // self.step if self.drop_last else -(-left // self.step)
