"""Receive what happens to the shards of a run."""

from __future__ import annotations

from typing import Protocol

from vrdata.contract.records import FailureRecord
from vrdata.dataset.manifest import ShardManifest


class Listener(Protocol):
    """Called once for each; `metrics.Metrics` counts them."""

    def shard_committed(self, generator_class: str, manifest: ShardManifest) -> None:
        """A new commit marker."""
        ...

    def shard_failed(self, generator_class: str, failure: FailureRecord) -> None:
        """A failed attempt."""
        ...

    def shard_differed(self, generator_class: str) -> None:
        """A shard that was generated again with other bytes."""
        ...
