"""Divide a run's pods among its unfinished waves. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Final

_NONE: Final[Mapping[int, int]] = MappingProxyType({})


def share(
    total: int,
    wanted: Mapping[int, int],
    held: Mapping[int, int] = _NONE,
    retries: Collection[int] = (),
) -> dict[int, int]:
    """Pods of each wave: what it has, and an equal part of the rest.

    A Job with a smaller parallelism than before ends running pods, so a wave keeps its pods while
    it can use them. Retries do not wait for them all: one pod is taken for the first of them.

    Args:
        total: pods that the run may have at the same time, at least 1.
        wanted: shards that each wave still has to generate, at least 1 each.
        held: pods that waves have now.
        retries: waves of which at least one gets a pod, if another wave has more than one.

    Returns:
        Pods by wave; their sum is min(total, sum of wanted), and the first waves get the remainder.
        With fewer pods than waves the later waves get 0 and wait.
    """
    pods = {wave: min(held.get(wave, 0), wanted[wave]) for wave in sorted(wanted)}
    if sum(pods.values()) > total:
        pods = dict.fromkeys(pods, 0)
    _fill(pods, total, wanted)
    again = sorted(pods.keys() & set(retries))
    largest = max(pods, key=lambda wave: pods[wave], default=0)
    if again and not any(pods[wave] for wave in again) and pods[largest] > 1:
        pods[largest] -= 1
        pods[again[0]] = 1
    return pods


def _fill(pods: dict[int, int], total: int, wanted: Mapping[int, int]) -> None:
    """Add pods until there are `total`, or until each wave has what it wants."""
    free = total - sum(pods.values())
    while free > 0:
        unsatisfied = [wave for wave in pods if pods[wave] < wanted[wave]]
        if not unsatisfied:
            break
        each = max(1, free // len(unsatisfied))
        for wave in unsatisfied:
            more = min(each, wanted[wave] - pods[wave], free)
            pods[wave] += more
            free -= more
