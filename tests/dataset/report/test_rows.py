"""The report of a run of rows: a card for each item, without pictures."""

from __future__ import annotations

import json

from support.datasets.rowsets import NAME, build_rows
from support.memorystore import MemoryStore
from vrdata.dataset import layout
from vrdata.dataset.outputs import write_outputs


def test_the_report_shows_the_items_of_rows() -> None:
    store = MemoryStore()
    write_outputs(store, build_rows(store), detect=False)
    text = store.objects[f"{layout.REPORT}cards.js"].decode()
    cards = json.loads(text.removeprefix("window.vrdataCards=").rstrip(";\n"))
    assert [card["id"] for card in cards] == [f"rows_{at:08d}" for at in range(8)]
    assert {card["where"] for card in cards} == {
        f"data/{NAME}/{NAME}-{shard:06d}.parquet" for shard in (0, 1)
    }
    assert not any(card["notes"] for card in cards)
