"""What the generation of a shard gives. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from vrdata.dataset.manifest import FailedSample
from vrdata.hermetic import Hermetic
from vrdata_worker.generate.allowance import certain_failures
from vrdata_worker.generate.block import BlockState


@dataclass(slots=True)
class GeneratedShard:
    """A shard's samples, each as index and JSON of its record, and what they cost.

    Attributes:
        certain: how many of the failed samples would certainly fail again.
        lost_seconds: that failed samples took, and the search for them.
        hermetic: how far the kernel sandboxed the generator.
    """

    samples: list[tuple[int, bytes]] = field(default_factory=list)
    failed: list[FailedSample] = field(default_factory=list)
    certain: int = 0
    cpu_seconds: float = 0.0
    peak_memory_bytes: int = 0
    lost_seconds: float = 0.0
    hermetic: Hermetic | None = None

    def records(self) -> tuple[bytes, ...]:
        """JSON of the records of all samples, failed ones too, in index order."""
        failed = [(failure.index, failure.to_json()) for failure in self.failed]
        return tuple(record for _, record in sorted(self.samples + failed))

    def add_failures(self, state: BlockState) -> None:
        """Add what failed in a block that has ended."""
        self.lost_seconds += state.lost_seconds
        self.certain += certain_failures(state)
        self.failed += [
            FailedSample(
                index=failure.sample or 0,
                reason=failure.reason,
                message=failure.message,
                traceback=failure.traceback,
                lost_seconds=failure.lost_seconds,
            )
            for failure in sorted(state.failures, key=lambda one: one.sample or 0)
        ]
