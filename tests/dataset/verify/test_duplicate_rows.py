"""Items with equal rows are duplicates; items without rows are not, and the words are of items."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from support.datasets.rowsets import NAME, build_rows, rows_of
from support.memorystore import MemoryStore
from vrdata.cli.verify import summary_lines
from vrdata.dataset import layout
from vrdata.dataset.finish.duplicates import DuplicateExample, duplicates_line
from vrdata.dataset.finish.summary import DatasetSummary
from vrdata.dataset.outputs import write_outputs
from vrdata.dataset.verify.run import verify

PAIR = DuplicateExample(sample="M-a/a_1", original="M-a/a_0")


def finished(
    values: Callable[[int], list[dict[str, Any]]] = rows_of,
) -> tuple[MemoryStore, DatasetSummary]:
    store = MemoryStore()
    return store, write_outputs(store, build_rows(store, values=values), detect=False)


def test_items_without_rows_are_not_duplicates() -> None:
    store, summary = finished()  # three of them have no rows
    report = verify(store)
    assert (summary.duplicates, report.duplicates) == (0, 0)
    assert report.ok, report.problems


def test_verify_and_report_speak_of_items_and_their_rows() -> None:
    store, summary = finished(lambda item: [{"step": item % 7}])
    assert summary.duplicates == 1
    lines = summary_lines(verify(store))
    assert lines[0].startswith("verified: 8 items in 2 of 2 shards")
    assert (
        "warning: 1 item with the rows of an earlier item: "
        f"{NAME}/rows_00000007 equals {NAME}/rows_00000000"
    ) in lines
    page = store.objects[f"{layout.REPORT}index.html"].decode()
    assert "Duplicates (equal rows): 1" in page
    assert "8 of 8 items are shown." in page
    assert f"- {NAME}: 8 items" in store.objects[layout.CARD].decode()


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (("rows.json",), "1 item with the rows of an earlier item"),
        (("first_frame.png", "prompt.txt"), "1 sample with the frames and prompt of an earlier"),
        (
            ("prompt.txt", "rows.json"),
            "1 sample with the rows or frames and prompt of an earlier",
        ),
    ],
)
def test_a_warning_says_what_is_equal(names: tuple[str, ...], words: str) -> None:
    line = duplicates_line(1, [PAIR], names)
    assert line.startswith(f"warning: {words}")
    assert line.endswith(": M-a/a_1 equals M-a/a_0")
