"""Lines about what workers wait for."""

from __future__ import annotations

from vrdata.contract.messages import StoreWait
from vrdata.local.waits import WaitLines


def test_waits_for_a_source_differ_from_waits_for_the_store() -> None:
    lines: list[str] = []
    waits = WaitLines(lines.append)
    waits.take(1, StoreWait(why="503 from the hub", limit=300, source="mazes"))
    waits.take(2, StoreWait(why="503 from the hub", limit=300, source="mazes"))
    waits.take(1, StoreWait(why="refused", limit=300))
    waits.take(1, StoreWait(why="", seconds=12, answered=True))
    waits.take(1, StoreWait(why="", seconds=30, answered=True, source="mazes"))
    waits.take(2, StoreWait(why="", seconds=31, answered=True, source="mazes"))
    assert [line.partition(" since ")[0] for line in lines] == [
        "waiting for the source of mazes",
        "waiting for the store",
        "the store answers again after 12 s",
        "the source of mazes answers again after 31 s",
    ]
    assert lines[0].endswith(": 503 from the hub (a request waits up to 5 minutes)")


def test_a_worker_that_has_ended_waits_for_nothing() -> None:
    lines: list[str] = []
    waits = WaitLines(lines.append)
    for number in (1, 2):
        waits.take(number, StoreWait(why="503", limit=300, source="mazes"))
        waits.forget(number)
    assert len(lines) == 2
