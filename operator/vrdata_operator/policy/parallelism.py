"""Divide a run's pods among its unfinished waves. Pure."""

from __future__ import annotations

from collections.abc import Mapping


def share(total: int, wanted: Mapping[int, int]) -> dict[int, int]:
    """Pods of each wave: equal shares, never more than it can use; the first get the remainder.

    Args:
        total: pods that the run may have at the same time, at least 1.
        wanted: shards that each wave still has to generate, at least 1 each.

    Returns:
        Pods by wave; their sum is min(total, sum of wanted). With fewer pods than waves the
        later waves get 0 and wait.
    """
    pods = dict.fromkeys(sorted(wanted), 0)
    free = total
    while free > 0:
        unsatisfied = [wave for wave in pods if pods[wave] < wanted[wave]]
        if not unsatisfied:
            break
        each = max(1, free // len(unsatisfied))
        for wave in unsatisfied:
            more = min(each, wanted[wave] - pods[wave], free)
            pods[wave] += more
            free -= more
    return pods
