"""The scratch space that the parts of a source need, and what does not fit. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from vrdata.errors import InvalidInputError
from vrdata.plan.sources import ITEMS_SHARE, LargestPart
from vrdata.sources.port import Part
from vrdata.text import count, human_bytes


class Needs:
    """What the parts of a source need, as they are listed.

    Args:
        block_size: items of a block; 0 = it is not known.

    Attributes:
        bytes: to fetch for all parts.
        part: the largest part; None = there are none.
        block: the parts that one block needs together, those of the block that needs the most:
            name of the first file, bytes, number of parts as `items`; None as for `part`, or
            without a block size.
    """

    def __init__(self, block_size: int) -> None:
        self.block_size = block_size
        self.bytes = 0
        self.part: LargestPart | None = None
        self.block: LargestPart | None = None
        self._number = -1  # of the block that the last part is in
        self._name = ""
        self._needed = self._parts = 0

    def measured(self, parts: Iterable[Part]) -> Iterator[Part]:
        """The parts, in the order of their items."""
        for part in parts:
            self.bytes += part.bytes
            if self.part is None or part.disk_bytes > self.part.bytes:
                name = part.files[0].name
                self.part = LargestPart(name=name, bytes=part.disk_bytes, items=part.items)
            if self.block_size:
                self._add(part)
            yield part

    def _add(self, part: Part) -> None:
        """Add a part to the first and the last of its blocks; those between need it alone."""
        first = part.first // self.block_size
        last = (part.first + part.items - 1) // self.block_size
        for number in dict.fromkeys((first, last)):
            if number != self._number:
                self._number, self._name = number, part.files[0].name
                self._needed = self._parts = 0
            self._needed += part.disk_bytes
            self._parts += 1
            if self.block is None or self._needed > self.block.bytes:
                self.block = LargestPart(name=self._name, bytes=self._needed, items=self._parts)


def require_room(name: str, needs: Needs, room: int) -> None:
    """Refuse what no worker can fetch, before one tries to.

    Args:
        name: of the generator.
        needs: of its source.
        room: scratch space for the items of a block, in bytes; 0 = it is not known.

    Raises:
        InvalidInputError: a part, or the parts of a block together, do not fit.
    """
    why = f"a worker has {human_bytes(room)} of it for the items of a block"
    if needs.part is not None and 0 < room < needs.part.bytes:
        raise InvalidInputError(
            f"{name}: a part of {needs.part.name} needs {human_bytes(needs.part.bytes)} of scratch "
            "space",
            why=f"{why}, and fetches a row group or the files of an item as a whole",
            fix=f"rewrite the file with smaller row groups, or split it, or {_raise(needs.part)}",
        )
    if needs.block is not None and 0 < room < needs.block.bytes:
        raise InvalidInputError(
            f"{name}: a block of {count(needs.block_size, 'item')}, from {needs.block.name} on, "
            f"needs {human_bytes(needs.block.bytes)} of scratch space",
            why=f"{why}, and the block has {count(needs.block.items, 'part')}",
            fix="set a smaller blockSize in a run file, or --block-size of an import, or "
            f"{_raise(needs.block)}",
        )


def _raise(needed: LargestPart) -> str:
    size = human_bytes(needed.bytes * ITEMS_SHARE * 4 // 3)
    return f"raise classes.M.ephemeralStorage of the profile to at least {size}"
