"""Share a run's parallelism among its unfinished waves. Pure."""

from __future__ import annotations

from collections.abc import Mapping


def share(total: int, wanted: Mapping[int, int]) -> dict[int, int]:
    """Pods of each wave: evenly, never more than it can use, one left over goes to the first.

    Args:
        total: pods of the run at once, at least 1.
        wanted: shards that each wave still has to make, at least 1 each.

    Returns:
        Pods by wave; their sum is min(total, all that is wanted), except that with fewer pods
        than waves the later waves wait with 0.
    """
    given = dict.fromkeys(sorted(wanted), 0)
    left = total
    while left > 0:
        hungry = [wave for wave in given if given[wave] < wanted[wave]]
        if not hungry:
            break
        each = max(1, left // len(hungry))
        for wave in hungry:
            more = min(each, wanted[wave] - given[wave], left)
            given[wave] += more
            left -= more
    return given
