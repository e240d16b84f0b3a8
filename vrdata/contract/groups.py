"""Failures grouped by generator and reason: for status, summary and report. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from vrdata.api import status
from vrdata.contract.reasons import FailureReason
from vrdata.contract.records import FailureRecord
from vrdata.model import Model
from vrdata.text import count, head, shorten

MAX_GROUPS = 1000  # groups in memory; failures of further ones are not counted
MAX_TEXT_BYTES = 2000  # of an example's message
MAX_LINE_BYTES = 300  # of the message of dropped samples, where many places repeat it

Unit = Literal["shards", "attempts", "samples"]


class FailureGroup(Model):
    """Failures of one generator for one reason, with one of them as an example.

    Attributes:
        unit: what is counted: failed shards, failed attempts, or dropped samples.
        shard: the example's shard: the first one.
        sample: global index of the example's first failed sample, if it is known.
        traceback: the end of the generator's traceback in the example, or "".
    """

    generator: str
    reason: FailureReason
    unit: Unit
    count: int
    shard: int = 0
    sample: int | None = None
    message: str = ""
    traceback: str = ""


class FailureGroups:
    """Counts failures. Memory is bounded, however many failures there are.

    The result does not depend on the order in which failures are added.

    Args:
        failures: failed shards to count.
    """

    def __init__(self, failures: Iterable[FailureRecord] = ()) -> None:
        self._groups: dict[tuple[str, FailureReason, Unit], FailureGroup] = {}
        for failure in failures:
            self.add(failure)

    def add(self, failure: FailureRecord, unit: Unit = "shards") -> None:
        """Count one failure."""
        one = FailureGroup(
            generator=failure.generator,
            reason=failure.reason,
            unit=unit,
            count=1,
            shard=failure.shard,
            sample=failure.sample,
            message=shorten(failure.message, MAX_TEXT_BYTES),
            traceback=failure.traceback,
        )
        self.merge([one])

    def merge(self, groups: Iterable[FailureGroup]) -> None:
        """Add the counts of other groups; of two examples the first in the dataset stays."""
        for group in groups:
            key = (group.generator, group.reason, group.unit)
            known = self._groups.get(key)
            if known is not None:
                example = min(known, group, key=_order)
                total = known.count + group.count
                self._groups[key] = example.model_copy(update={"count": total})
            elif len(self._groups) < MAX_GROUPS:
                self._groups[key] = group

    def all(self) -> tuple[FailureGroup, ...]:
        """All groups, the largest first."""
        ordered = sorted(
            self._groups.values(),
            key=lambda group: (-group.count, group.generator, group.reason, group.unit),
        )
        return tuple(ordered)

    def largest(self, limit: int) -> tuple[tuple[FailureGroup, ...], int]:
        """The `limit` largest groups, and how many more there are."""
        groups = self.all()
        return groups[:limit], max(0, len(groups) - limit)

    def for_status(self) -> tuple[status.FailureGroup, ...]:
        """The largest groups as in the status of a run; `dataset.json` has the same."""
        groups, _ = self.largest(status.MAX_FAILURE_GROUPS)
        return tuple(_for_status(group) for group in groups)


def group_text(
    group: status.FailureGroup, *, growing: bool = False, between: str = "\n    "
) -> str:
    """A group for a person: generator, reason, number, first sample and what it raised.

    Args:
        group: as in a status.
        growing: leave out the number, which is not final.
        between: what separates the message from the rest.
    """
    counted = count(group.samples, "sample") if group.samples else count(group.shards, "shard")
    sample = "" if group.sample is None else f"first at sample {group.sample}"
    parts = (f"{group.generator}: {group.reason}", "" if growing else counted, sample)
    message = group.message.partition("\n")[0]
    return ", ".join(filter(None, parts)) + (f"{between}{message}" if message else "")


def first_line(message: str) -> str:
    """The first line of a failure's message, at most MAX_LINE_BYTES: what was raised."""
    return head(message.partition("\n")[0], MAX_LINE_BYTES)


def _for_status(group: FailureGroup) -> status.FailureGroup:
    dropped = group.unit == "samples"
    message = first_line(group.message) if dropped else group.message
    return status.FailureGroup(
        generator=group.generator,
        reason=group.reason,
        shards=0 if dropped else group.count,
        samples=group.count if dropped else 0,
        example_shard=group.shard,
        sample=group.sample,
        message=head(message, status.MAX_MESSAGE),
    )


def _order(group: FailureGroup) -> tuple[int, int]:
    return group.shard, -1 if group.sample is None else group.sample
