"""Records are sorted as in memory, however few of them are kept there."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vrdata.bounded import records
from vrdata.bounded.records import SortedRecords

PAIRS = st.lists(st.tuples(st.binary(max_size=3), st.binary(max_size=5)), max_size=60)


@given(PAIRS, st.sampled_from([1, 600, 5000, 10**6]))
def test_records_are_sorted_by_key_and_then_by_arrival(
    pairs: list[tuple[bytes, bytes]], kept_bytes: int
) -> None:
    with SortedRecords(kept_bytes) as found:
        for key, payload in pairs:
            found.add(key, payload)
        assert len(found) == len(pairs)
        assert list(found) == [payload for _, payload in sorted(pairs, key=lambda pair: pair[0])]


def test_few_files_are_open_however_disordered_the_records_are() -> None:
    with SortedRecords(1) as found:
        for number in reversed(range(1000)):
            found.add(number.to_bytes(2, "big"), b"")
        assert len(found._runs) <= records.MERGED_RUNS


def test_records_in_order_need_one_file() -> None:
    with SortedRecords(1) as found:
        for number in range(1000):
            found.add(number.to_bytes(2, "big"), b"%d" % number)
        assert len(found._runs) == 1
        assert list(found) == [b"%d" % number for number in range(1000)]
