"""The list of parts: items to parts, whatever their sizes, with memory that does not grow."""

from __future__ import annotations

import io
import tracemalloc
from collections.abc import Iterator
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vrdata.api.selection import INDEX_LIMIT
from vrdata.errors import InvalidInputError
from vrdata.sources import parts as parts_module
from vrdata.sources.parts import cut_parts, list_digest, read_parts, write_parts
from vrdata.sources.port import Part, PartFile

SIZES = st.lists(st.integers(1, 5), max_size=12)


def parts_of(sizes: list[int]) -> Iterator[Part]:
    first = 0
    for number, items in enumerate(sizes):
        file = PartFile(f"{number}.parquet", 9, f"sha256:{number}", ((0, 4), (5, 9)))
        yield Part(first, items, (file, PartFile("b", 1)), "parquet", number, number * 10)
        first += items


def written(parts: Iterator[Part]) -> tuple[io.BytesIO, int, str]:
    file = io.BytesIO()
    items, _, digest = write_parts(parts, file)
    return file, items, digest


@given(SIZES, st.integers(0, 60), st.integers(1, 9), st.integers(1, 3), st.integers(1, 3))
def test_the_parts_of_a_range_are_those_with_an_item_in_it(
    sizes: list[int], start: int, length: int, batch: int, batches: int
) -> None:
    with (
        patch.object(parts_module, "_BATCH_PARTS", batch),
        patch.object(parts_module, "GROUP_PARTS", batch * batches),
    ):
        file, items, _ = written(parts_of(sizes))
        wanted = range(start % (items + 1), start % (items + 1) + length)
        found = list(read_parts(file, wanted.start, wanted.stop))
    assert items == sum(sizes)
    assert found == [
        part
        for part in parts_of(sizes)
        if any(item in wanted for item in range(part.first, part.first + part.items))
    ]


@pytest.mark.parametrize("items", [INDEX_LIMIT, 2**62, 2**64])
def test_more_items_than_ids_are_refused_by_name(items: int) -> None:
    with pytest.raises(InvalidInputError, match=r"1\.parquet") as caught:
        written(parts_of([1, items]))
    assert "source.limit" in caught.value.fix


@given(SIZES, st.none() | st.integers(1, 60))
def test_a_limit_takes_no_part_after_the_last_item(sizes: list[int], limit: int | None) -> None:
    taken: list[Part] = []

    def parts() -> Iterator[Part]:
        for part in parts_of(sizes):
            taken.append(part)
            yield part

    found = list(cut_parts(parts(), limit))
    total = sum(sizes) if limit is None else min(limit, sum(sizes))
    assert sum(part.items for part in found) == total
    assert len(found) == len(taken)


def test_the_digest_is_in_the_file_and_depends_on_every_fact_of_a_part() -> None:
    file, _, digest = written(parts_of([2, 3]))
    assert list_digest(file) == digest
    assert written(parts_of([2, 3]))[2] == digest
    assert len({written(parts_of(sizes))[2] for sizes in ([2, 3], [3, 2], [2], [2, 3, 1])}) == 4


def test_the_digest_does_not_depend_on_the_layout_of_the_file() -> None:
    digest = written(parts_of([2] * 9))[2]
    with (
        patch.object(parts_module, "_BATCH_PARTS", 1),
        patch.object(parts_module, "GROUP_PARTS", 2),
    ):
        assert written(parts_of([2] * 9))[2] == digest


def test_a_gap_between_parts_is_an_error() -> None:
    with pytest.raises(ValueError, match="the part of item 3 follows item 1"):
        write_parts(
            [Part(0, 2, (PartFile("a", 1),)), Part(3, 1, (PartFile("b", 1),))], io.BytesIO()
        )


def test_memory_does_not_grow_with_the_number_of_parts() -> None:
    class Nowhere(io.BytesIO):
        def write(self, data: object, /) -> int:
            return memoryview(data).nbytes  # type: ignore[arg-type]

    def measured(count: int) -> int:
        tracemalloc.start()
        write_parts(parts_of([1] * count), Nowhere())
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    with (
        patch.object(parts_module, "_BATCH_PARTS", 50),
        patch.object(parts_module, "GROUP_PARTS", 50),
    ):
        measured(100)
        assert measured(1000) < 1.3 * measured(200)
