"""Work in threads takes no more items than it is told to."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from vrdata.bounded.parallel import QUEUED_PER_JOB, InOrder, in_order


@pytest.mark.parametrize("queued", [1, 2, QUEUED_PER_JOB])
def test_results_that_wait_are_limited(queued: int) -> None:
    taken = 0

    def items() -> Iterator[int]:
        nonlocal taken
        for number in range(100):
            taken += 1
            yield number

    jobs, most = 3, 0
    for number, found in enumerate(in_order(items(), lambda item: item, jobs, queued=queued)):
        assert found == number
        most = max(most, taken - number)
    assert most == jobs * queued


def test_fast_calls_use_no_thread_and_slow_ones_do() -> None:
    now = 0.0
    used: list[threading.Thread] = []

    def work(item: int) -> int:
        nonlocal now
        now += 1.0 if item == 5 else 0.001
        used.append(threading.current_thread())
        return item

    calls = InOrder(2, clock=lambda: now)
    assert list(calls.each(range(10), work)) == list(range(10))
    here = threading.current_thread()
    assert [thread is here for thread in used] == [True] * 6 + [False] * 4
    used.clear()
    assert list(calls.each(range(3), work)) == [0, 1, 2]
    assert here not in used
    assert list(InOrder(2, clock=lambda: now).each([], work)) == []
