"""Group failures by generator and reason; bounded however many there are."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Literal

from vrdata.dataset import layout
from vrdata.dataset.manifest import FailedSample
from vrdata.dataset.report.model import FailureGroup
from vrdata.dataset.report.texts import cut
from vrdata.plan.planned import Plan, Shard
from vrdata.store.port import ObjectStore

MAX_GROUPS = 1000
SHOWN = 100
MAX_RECORDS = 500
MAX_RECORD = 256 * 1024
MAX_MESSAGE = 2000
MAX_REASON = 60


class FailureGroups:
    """Counts failures; keeps the first of each group."""

    def __init__(self) -> None:
        self._groups: dict[tuple[str, str, str], FailureGroup] = {}

    def add_sample(self, generator: str, failed: FailedSample) -> None:
        """Count a sample that a committed shard left out."""
        self.add(
            generator, failed.reason, "samples", failed.index, failed.message, failed.traceback
        )

    def add(  # noqa: PLR0913 - a failure's facts
        self,
        generator: str,
        reason: str,
        unit: Literal["samples", "attempts"],
        sample: int | None,
        message: str,
        traceback: str = "",
    ) -> None:
        """Count one failure; message and traceback may be a generator's own words."""
        key = (generator, cut(reason, MAX_REASON), unit)
        known = self._groups.get(key)
        if known is not None:
            self._groups[key] = known.model_copy(update={"count": known.count + 1})
        elif len(self._groups) < MAX_GROUPS:
            self._groups[key] = FailureGroup(
                generator=generator,
                reason=key[1],
                unit=unit,
                count=1,
                sample=sample,
                message=cut(message, MAX_MESSAGE),
                traceback=cut(traceback, MAX_MESSAGE),
            )

    def merge(self, groups: Iterable[FailureGroup]) -> None:
        """Add groups of generators that were not added before."""
        for group in groups:
            self._groups[group.generator, group.reason, group.unit] = group

    def all(self) -> tuple[FailureGroup, ...]:
        """All groups, in the order in which they appeared."""
        return tuple(self._groups.values())

    def largest(self) -> tuple[tuple[FailureGroup, ...], int]:
        """The SHOWN largest groups, and how many more there are."""
        ordered = sorted(
            self._groups.values(), key=lambda group: (-group.count, group.generator, group.reason)
        )
        return tuple(ordered[:SHOWN]), max(0, len(ordered) - SHOWN)


def add_failed_attempts(
    groups: FailureGroups, store: ObjectStore, plan: Plan, committed: set[Shard]
) -> None:
    """Count the records of failed attempts at shards that are not committed.

    At most MAX_RECORDS records are read. A record that is no JSON object is counted as
    `Unreadable`.

    Raises:
        StorageError: the store cannot be used.
    """
    known = {planned.name for planned in plan.generators}
    read = 0
    for info in store.list_after(layout.FAILURES):
        generator, _, rest = info.key.removeprefix(layout.FAILURES).partition("/")
        shard = rest.partition("/")[0]
        if generator not in known or not shard.isdecimal() or (generator, int(shard)) in committed:
            continue
        record = _record(store.get_range(info.key, 0, MAX_RECORD))
        sample = record.get("sample")
        groups.add(
            generator,
            str(record.get("reason") or "Unreadable"),
            "attempts",
            sample if isinstance(sample, int) else None,
            str(record.get("message") or ""),
            str(record.get("traceback") or ""),
        )
        read += 1
        if read >= MAX_RECORDS:
            return


def _record(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
