"""What does not fit into the scratch space for items is refused when it is pinned."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.test_pinning import NAME, pin, write_table
from support.memorystore import MemoryStore
from vrdata.api.run import GenerationRunSpec
from vrdata.errors import InvalidInputError
from vrdata.plan.sources import with_block_sizes
from vrdata.sources.port import Part, PartFile
from vrdata.sources.resolve import pin_sources
from vrdata.sources.room import Needs


def parts_of(shapes: list[tuple[int, int]]) -> list[Part]:
    """Parts of so many items and bytes."""
    found, first = [], 0
    for items, size in shapes:
        found.append(Part(first, items, (PartFile(f"{first}.bin", size),)))
        first += items
    return found


@given(
    shapes=st.lists(st.tuples(st.integers(1, 7), st.integers(0, 50_000)), min_size=1, max_size=20),
    size=st.integers(1, 9),
)
def test_the_block_that_needs_most_is_found(shapes: list[tuple[int, int]], size: int) -> None:
    parts, needs = parts_of(shapes), Needs(size)
    assert list(needs.measured(parts)) == parts
    items = sum(part.items for part in parts)
    sums = [
        sum(
            part.disk_bytes
            for part in parts
            if part.first < start + size and part.first + part.items > start
        )
        for start in range(0, items, size)
    ]
    assert needs.block is not None
    assert needs.block.bytes == max(sums)
    assert needs.part is not None
    assert needs.part.bytes == max(part.disk_bytes for part in parts)


def spec(path: Path, block: int | None) -> GenerationRunSpec:
    fields = {"name": NAME, "source": {"url": str(path)}, "blockSize": block}
    return GenerationRunSpec.model_validate({"generators": [fields]})


def test_parts_that_fit_alone_but_not_in_one_block_are_refused_before_anything_is_stored(
    tmp_path: Path,
) -> None:
    store, table = MemoryStore(), write_table(tmp_path / "rows.parquet", rows=30, group=1)
    largest = pin(spec(table, 10), store, write=False).sources[NAME].largest
    assert largest is not None
    room = 9 * largest.bytes
    with pytest.raises(InvalidInputError, match="a block of 10 items, from rows") as caught:
        pin_sources(spec(table, 10), store, write=True, room=room)
    assert "the block has 10 parts" in caught.value.why
    assert caught.value.fix.startswith("set a smaller blockSize in a run file, or --block-size")
    assert not store.objects
    assert pin_sources(spec(table, 9), store, write=True, room=room) is not None


def test_the_block_size_of_the_catalogue_counts_if_the_run_names_none(tmp_path: Path) -> None:
    run = with_block_sizes(spec(tmp_path, None), {NAME: 7, "other": 3})
    assert [one.block_size for one in run.generators] == [7]
