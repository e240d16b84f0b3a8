"""The operator killed at every write of a run's life, before and after it is done."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.lives import Killer, Life
from support.operator.fakeworkers import Try
from vrdata.api.status import GenerationRunStatus
from vrdata_operator.cluster.port import ClusterError

Facts = dict[str, object]


def stubborn(tried: Try) -> str:
    """One shard runs out of 2 GiB, another fails once, a third fails always."""
    if tried.shard == ("O-maze", 0) and tried.memory <= 2 * 2**30:
        return "OOMKilled"
    if tried.shard == ("G-ball", 1) and tried.attempt == 0:
        return "GeneratorFailed"
    return ""


def hopeless(tried: Try) -> str:
    """One shard fails always."""
    return "InvalidOutput" if tried.shard == ("O-maze", 2) else stubborn(tried)


def whole_life(killer: Killer, script: Callable[[Try], str]) -> Life:
    life = Life(killer=killer)
    life.workers.script = script
    life.create()
    life.live()
    life.no_duplicates()
    return life


def end_of(life: Life) -> Facts:
    """What must not depend on deaths: everything but times, and how many pods at once."""
    status = life.status()
    return {
        "status": _timeless(status),
        "jobs": {key: job["spec"] | {"parallelism": 0} for key, job in life.cluster.jobs.items()},
        "objects": sorted(life.store.objects),
        "tries": sorted((one.shard, one.attempt, one.memory) for one in life.workers.tries),
    }


def _timeless(status: GenerationRunStatus) -> object:
    found = status.to_dict()
    for key in ("startTime", "completionTime"):
        del found[key]
    for condition in found["conditions"]:
        del condition["lastTransitionTime"]
    return found


@pytest.mark.parametrize("late", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("script", [stubborn, hopeless])
def test_a_death_at_any_write_changes_neither_the_end_nor_the_work(
    script: Callable[[Try], str], late: bool
) -> None:
    undisturbed = whole_life(Killer(), script)
    writes = undisturbed.killer.writes
    assert len(writes) > 15
    expected = end_of(undisturbed)
    for at in range(1, len(writes) + 1):
        life = whole_life(Killer(at, late), script)
        assert end_of(life) == expected, f"killed at write {at}: {writes[at - 1]}"


@settings(max_examples=15, deadline=None)
@given(deaths=st.lists(st.tuples(st.integers(1, 12), st.booleans()), max_size=8))
def test_many_deaths_change_neither_the_end_nor_the_work(deaths: list[tuple[int, bool]]) -> None:
    expected = end_of(whole_life(Killer(), stubborn))
    life = Life()
    life.workers.script = stubborn
    life.create()
    for steps, late in deaths:
        life.killer.at, life.killer.late = len(life.killer.writes) + steps, late
        life.live(until=lambda: len(life.killer.writes) >= life.killer.at or life.status().finished)
    life.killer.at = 0
    if not life.status().finished:
        life.live()
    life.no_duplicates()
    assert end_of(life) == expected


def test_a_write_that_the_server_refuses_once_is_made_in_the_next_turn() -> None:
    """Without a false alarm about the store, whose wave file is there already."""
    life = Life()
    life.create()
    life.live(until=lambda: life.status().phase == "Pending" and life.status().reason != "")
    refused: list[str] = []

    def refuse(write: str) -> None:
        life.killer.before(write)
        if write == "apply_job" and not refused:
            refused.append(write)
            raise ClusterError(500, "etcd has no leader")

    life.workers.work()
    life.cluster.before = refuse
    life.live(until=lambda: bool(refused))
    life.turn()
    assert not any(status["reason"] == "StorageUnavailable" for status in life.cluster.written)
    assert life.live().phase == "Succeeded"
