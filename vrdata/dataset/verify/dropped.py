"""The samples that commit markers record as failed: counted, and the first of each reason. Pure."""

from __future__ import annotations

from vrdata.api import status
from vrdata.contract.groups import FailureGroups, first_line
from vrdata.contract.reasons import parse_reason
from vrdata.dataset.checks.dropped import add_failed_sample
from vrdata.dataset.manifest import FailedSample
from vrdata.model import Model
from vrdata.plan.planned import Shard
from vrdata.text import printable

MAX_OF_EACH = 20  # samples of one generator that failed for one reason


class DroppedSample(Model):
    """One dropped sample of a committed shard.

    Attributes:
        sample: its global index.
        message: the first line of what happened.
    """

    generator: str
    sample: int
    reason: str
    message: str = ""


class DroppedLog:
    """Counts failed samples; memory is bounded, however many there are.

    Attributes:
        count: all of them.
    """

    def __init__(self) -> None:
        self.count = 0
        self._groups = FailureGroups()
        self._first: dict[tuple[str, str], list[DroppedSample]] = {}

    def add(self, shard: Shard, failed: FailedSample) -> None:
        """Count a failed sample; samples of a generator come in index order."""
        self.count += 1
        add_failed_sample(self._groups, shard, failed)
        sample = DroppedSample(
            generator=shard.generator,
            sample=failed.index,
            reason=parse_reason(failed.reason),
            message=first_line(printable(failed.message)),
        )
        self._keep([sample])

    def merge(self, later: DroppedLog) -> None:
        """Add what was found in later shards."""
        self.count += later.count
        self._groups.merge(later._groups.all())
        for samples in later._first.values():
            self._keep(samples)

    def groups(self) -> tuple[status.FailureGroup, ...]:
        """Why samples failed, as in the status of a run."""
        return self._groups.for_status()

    def samples(self) -> tuple[DroppedSample, ...]:
        """The first MAX_OF_EACH samples of each of these groups."""
        return tuple(
            sample
            for group in self.groups()
            for sample in self._first.get((group.generator, group.reason), ())
        )

    def _keep(self, samples: list[DroppedSample]) -> None:
        for sample in samples:
            kept = self._first.setdefault((sample.generator, sample.reason), [])
            if len(kept) < MAX_OF_EACH:
                kept.append(sample)
