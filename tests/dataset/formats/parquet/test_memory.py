"""A writer that takes much memory leaves less for the blocks of a pod."""

from __future__ import annotations

import pytest

from vrdata.dataset.formats.registry import FORMATS
from vrdata_worker.supervisor import without_writer

MIB = 2**20


@pytest.mark.parametrize(("limit", "left"), [(0, 0), (100 * MIB, 50 * MIB), (864 * MIB, 704 * MIB)])
def test_a_table_takes_memory_of_its_pod(limit: int, left: int) -> None:
    taken = {output.name: output.writer_bytes for output in FORMATS}
    assert without_writer(limit, taken.pop("parquet")) == left
    assert {without_writer(limit, one) for one in taken.values()} == {limit}
