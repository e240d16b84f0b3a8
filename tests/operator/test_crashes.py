"""The operator is killed at every write of a run, before and after the write."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.lives import Killer, Life
from support.operator.fakeworkers import Try
from vrdata.api.status import GenerationRunStatus
from vrdata.dataset.layout import WAVES
from vrdata_operator.cluster.port import ClusterError

Facts = dict[str, object]


def stubborn(tried: Try) -> str:
    """One shard runs out of 2 GiB of memory, another fails once, a third always fails."""
    if tried.shard == ("O-maze", 0) and tried.memory <= 2 * 2**30:
        return "OOMKilled"
    if tried.shard == ("G-ball", 1) and tried.attempt == 0:
        return "GeneratorFailed"
    return ""


def hopeless(tried: Try) -> str:
    """One shard always fails."""
    return "InvalidOutput" if tried.shard == ("O-maze", 2) else stubborn(tried)


def complete_life(killer: Killer, script: Callable[[Try], str]) -> Life:
    life = Life(killer=killer)
    life.workers.script = script
    life.create()
    life.live()
    life.no_duplicates()
    return life


def result_of(life: Life) -> Facts:
    """What must not depend on crashes: everything except times and the order of retry waves."""
    status, objects = life.status(), life.store.objects
    return {
        "status": _timeless(status),
        "jobs": sorted(life.cluster.jobs),
        "waves": sorted(_unnumbered(objects[key]) for key in objects if WAVES in key),
        "objects": sorted(objects),
        "tries": sorted((one.shard, one.attempt, one.memory) for one in life.workers.tries),
    }


def _unnumbered(body: bytes) -> str:
    return json.dumps(json.loads(body) | {"wave": 0}, sort_keys=True)


def _timeless(status: GenerationRunStatus) -> object:
    found = status.to_dict()
    for key in ("startTime", "completionTime"):
        del found[key]
    for condition in found["conditions"]:
        del condition["lastTransitionTime"]
    return found


@pytest.mark.parametrize("script", [stubborn, hopeless])
def test_a_crash_at_any_write_changes_neither_the_outcome_nor_the_work(
    script: Callable[[Try], str],
) -> None:
    """A crash after a write leaves what one before the next write leaves."""
    reference = complete_life(Killer(), script)
    writes = reference.killer.writes
    assert len(writes) > 15
    expected = result_of(reference)
    for at in range(len(writes) + 1):
        life = complete_life(Killer(at, late=True) if at else Killer(1, late=False), script)
        assert result_of(life) == expected, f"killed after write {at}: {writes[at - 1]}"


@settings(max_examples=15, deadline=None)
@given(crashes=st.lists(st.tuples(st.integers(1, 12), st.booleans()), max_size=8))
def test_many_crashes_change_neither_the_outcome_nor_the_work(
    crashes: list[tuple[int, bool]],
) -> None:
    expected = result_of(complete_life(Killer(), stubborn))
    life = Life()
    life.workers.script = stubborn
    life.create()
    for steps, late in crashes:
        life.killer.at, life.killer.late = len(life.killer.writes) + steps, late
        life.live(until=lambda: len(life.killer.writes) >= life.killer.at or life.status().finished)
    life.killer.at = 0
    if not life.status().finished:
        life.live()
    life.no_duplicates()
    assert result_of(life) == expected


def test_a_write_that_fails_once_is_repeated_in_the_next_turn() -> None:
    """There is no false error about the store, although the wave file already exists."""
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
