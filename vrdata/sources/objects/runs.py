"""A finished run as a source: an item is all rows of one of its items.

Which items have rows is in the index of the run, and which row groups have them in the metadata of
each Parquet file. Consecutive items of one row group are one part; an item of several row groups is
a part of its own.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby
from operator import attrgetter
from typing import BinaryIO, NamedTuple, cast

import pyarrow as pa

from vrdata.dataset import layout
from vrdata.dataset.commits import read_head
from vrdata.dataset.finish.index import read_samples
from vrdata.dataset.finish.summary import require_finished
from vrdata.dataset.formats.parquet.stored import facts_of
from vrdata.dataset.manifest import unit_of
from vrdata.dataset.plans import load_plan
from vrdata.errors import InvalidInputError
from vrdata.parquet import open_parquet
from vrdata.plan.planned import Plan
from vrdata.sources.port import Part, PartFile
from vrdata.sources.tables.parts import parts_of_table
from vrdata.sources.tables.table import Range, merge
from vrdata.store.port import ObjectStore
from vrdata.store.streaming import StoredFile


class _Group(NamedTuple):
    """A row group: the bytes that a reader needs, and the items from the first to the last."""

    ranges: tuple[Range, ...]
    first: int
    last: int


def run_parts(run: ObjectStore) -> Iterator[Part]:
    """The parts of a run whose items have rows; items without rows are skipped.

    Args:
        run: the run's own store.

    Raises:
        NotFoundError: the run is not finished, or an object of it is missing.
        InvalidInputError: it has samples or several generators, or is damaged.
        StorageError, StoreAccessError: the store cannot be used.
    """
    plan = load_plan(run)
    summary = require_finished(run)
    name = _only_generator(run, plan)
    if unit_of(summary.file_names) != "item":
        raise InvalidInputError(
            f"{run.url} is a run with samples, and not with rows",
            why="the items of a run are the rows of each of its items",
            fix="name the folder of its data, such as `questions` of format files",
        )
    first = 0
    samples = (one for one in read_samples(run, name) if one.content)
    for shard, of_shard in groupby(samples, key=attrgetter("shard")):
        for part in _shard_parts(run, name, shard, [one.sample_index for one in of_shard]):
            yield Part(first, part.items, part.files, part.format, None, part.row)
            first += part.items


def _only_generator(run: ObjectStore, plan: Plan) -> str:
    if len(plan.generators) != 1:
        names = ", ".join(one.name for one in plan.generators[:5])
        raise InvalidInputError(
            f"{run.url} is a run with several generators: {names}",
            why="the items of a source have the same columns",
            fix="run each converter in a run of its own",
        )
    return plan.generators[0].name


def _shard_parts(run: ObjectStore, name: str, shard: int, items: list[int]) -> Iterator[Part]:
    """The parts of a shard; `first` of each is 0.

    Args:
        run: the run's store.
        name: of the converter.
        shard: number of the shard.
        items: of the shard that have rows, ascending.
    """
    file = _file_of(run, name, shard)
    groups = _groups_of(run, file)
    firsts, lasts = [one.first for one in groups], [one.last for one in groups]

    def place(numbered: tuple[int, int]) -> tuple[int, int, int]:
        """Equal for items of one part: their row groups, and what consecutive items have equal."""
        at, item = numbered
        start, stop = bisect_left(lasts, item), bisect_right(firsts, item)
        return start, stop, item - at if stop - start == 1 else item

    for (start, stop, _), numbered in groupby(enumerate(items), key=place):
        found = [item for _, item in numbered]
        if start >= stop:
            raise _damaged(file.name, f"no row group has item {found[0]}")
        ranges = merge(one for group in groups[start:stop] for one in group.ranges)
        files = (replace(file, ranges=ranges),)
        yield Part(0, len(found), files, "rows", None, found[0])


def _file_of(run: ObjectStore, name: str, shard: int) -> PartFile:
    """The data object of a shard, as its commit marker describes it."""
    manifest = read_head(run, name, shard)
    key = layout.shard_parquet_key(name, shard)
    # A listing: in a folder, a head request reads the whole file.
    info = next(run.list_after(key), None)
    if info is None or info.key != key:
        raise _damaged(key, "it is missing")
    if manifest.archive is None or manifest.archive.size != info.size:
        raise _damaged(key, f"it has {info.size} bytes, unlike its commit marker")
    return PartFile(key, info.size, f"etag:{info.etag}" if info.etag else "")


def _groups_of(run: ObjectStore, file: PartFile) -> list[_Group]:
    """The row groups of a data object that have rows."""
    stored = cast("BinaryIO", StoredFile(run, file.name, file.size))
    parts = parts_of_table(stored, file.name, file.size, file.digest, "parquet", 0)
    try:
        noted = facts_of(open_parquet(stored))["groups"]
        return [
            _Group(part.files[0].ranges or ((0, file.size),), *map(int, noted[part.group or 0]))
            for part in parts
        ]
    except (pa.ArrowException, OSError, KeyError, IndexError, TypeError, ValueError) as error:
        raise _damaged(file.name, str(error)) from None


def _damaged(key: str, why: str) -> InvalidInputError:
    return InvalidInputError(
        f"{key} of the run cannot be used",
        why=why,
        fix="run its run file again, which generates damaged shards again",
    )
