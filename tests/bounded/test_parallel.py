"""Work in threads takes no more items than it is told to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from vrdata.bounded.parallel import QUEUED_PER_JOB, in_order


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
