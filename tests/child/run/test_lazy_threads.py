"""Pairs are counted whichever thread generates them."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from vrdata_child.run.journal import Journal, read_journal
from vrdata_child.run.lazy import count_pairs


def test_pairs_of_several_threads_are_all_counted(tmp_path: Path) -> None:
    together = threading.Barrier(2)

    class Base:
        def generate_task_pair(self, task_id: str) -> str:
            together.wait(30)
            return task_id

    count_pairs(Base, Journal(tmp_path))
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(Base().generate_task_pair, ["x_0", "x_1"])) == ["x_0", "x_1"]
    progress = read_journal(tmp_path, frozenset())
    assert sorted(progress.pairs) == ["x_0", "x_1"]
    assert len(progress.callers) == 2
