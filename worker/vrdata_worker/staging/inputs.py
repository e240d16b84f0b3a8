"""What the blocks of a converter or a pipeline read, as a shard sees it."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol


class BlockInputs(Protocol):
    """Staged items or sources for the blocks of one shard."""

    def size_of(self, block: int) -> int:
        """Samples of a block."""
        ...

    def is_ready(self, block: int) -> bool:
        """Whether all that a block reads is staged; blocks are asked for in order.

        Raises:
            ShardFailedError: it cannot be staged.
            StorageError, StoreAccessError: the run's store cannot be used.
        """
        ...

    def check(self) -> None:
        """Raise the ShardFailedError of what a running block could not be given."""
        ...

    def write(self, block: int, folder: Path) -> None:
        """Write to the folder of a block's process where it finds them. Raises OSError."""
        ...

    def release(self, block: int) -> None:
        """A block has ended."""
        ...
