"""A source in memory that can fail, and the plan of a converter that reads it."""

from __future__ import annotations

import hashlib
import io
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from support.memorystore import MemoryStore
from vrdata.dataset import layout
from vrdata.plan.planned import PlannedGenerator
from vrdata.plan.sources import PlannedSource
from vrdata.sources.parts import write_parts
from vrdata.sources.port import OnRead, Part, PartFile, Resolved, ignore_reads

NAME = "puzzles"


@dataclass
class FakeSource:
    """Files by name.

    Attributes:
        files: what it has.
        errors: raised by the next fetches, one each.
        before: called before each fetch, in its thread.
        fetched: first items of the parts that were fetched, in order.
    """

    files: dict[str, bytes]
    errors: list[Exception] = field(default_factory=list)
    before: Callable[[Part], None] = lambda _: None
    fetched: list[int] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def resolve(self, limit: int | None, on_read: OnRead = ignore_reads) -> Resolved:
        """Each file is an item."""
        del on_read
        return Resolved("", "", iter(files_as_items(self.files)[:limit]))

    def stage(self, part: Part, folder: Path) -> None:
        """Write the files, or raise the next error."""
        self.before(part)
        with self._lock:
            self.fetched.append(part.first)
            if self.errors:
                raise self.errors.pop(0)
        for file in part.files:
            path = folder / file.name
            path.parent.mkdir(parents=True, exist_ok=True)
            body = self.files[file.name]
            ranges = file.ranges or ((0, len(body)),)
            path.write_bytes(b"".join(body[start:stop] for start, stop in ranges))

    def open(self, _: PlannedSource) -> FakeSource:
        """As `open_planned`."""
        return self


def digest(body: bytes) -> str:
    """As a `PartFile` has it."""
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


def files_as_items(files: dict[str, bytes]) -> list[Part]:
    """A part for each file."""
    return [
        Part(number, 1, (PartFile(name, len(body), digest(body)),))
        for number, (name, body) in enumerate(files.items())
    ]


def numbered(count: int) -> dict[str, bytes]:
    """Small files with different bytes."""
    return {f"{number:03d}.txt": f"file {number}".encode() for number in range(count)}


def table_parts(sizes: Sequence[int]) -> tuple[dict[str, bytes], list[Part]]:
    """A JSONL table for each size in rows, and the list of its parts."""
    files, parts, first = {}, [], 0
    for number, size in enumerate(sizes):
        name = f"table-{number}.jsonl"
        files[name] = b"".join(b'{"n": %d}\n' % (first + row) for row in range(size))
        file = PartFile(name, len(files[name]), digest(files[name]))
        parts.append(Part(first, size, (file,), "jsonl"))
        first += size
    return files, parts


def store_list(store: MemoryStore, parts: Iterable[Part]) -> PlannedSource:
    """Store the list of parts of the converter; returns its pinned source."""
    body = io.BytesIO()
    items, _, found = write_parts(parts, body)
    store.objects[layout.items_key(NAME)] = body.getvalue()
    return PlannedSource(url="data/puzzles", items=items, digest=found)


def planned(source: PlannedSource, *, block_size: int = 4, start: int = 0) -> PlannedGenerator:
    """The converter of all items from `start` on, with one shard."""
    return PlannedGenerator(
        name=NAME,
        generator_class="M",
        digest="sha256:" + "0" * 64,
        start=start,
        samples=source.items - start,
        block_size=block_size,
        shard_blocks=1000,
        converter="M-import",
        source=source,
    )
