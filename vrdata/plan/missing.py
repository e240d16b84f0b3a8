"""Which shards of a plan have no commit marker. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from vrdata.plan.model import Plan


def missing_shards(plan: Plan, committed: Iterable[tuple[str, int]]) -> Iterator[tuple[str, int]]:
    """(generator, shard) pairs of the plan that are not committed, in plan order."""
    done = set(committed)
    for planned in plan.generators:
        for index in range(planned.shards):
            if (planned.name, index) not in done:
                yield planned.name, index
