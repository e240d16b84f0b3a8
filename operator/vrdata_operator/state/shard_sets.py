"""Sets of shards as one bitmap per generator: 10^5 shards take 13 kB. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

from vrdata.plan.planned import Plan, Shard
from vrdata.plan.waves import Wave

FEW_SPANS = 16  # each of more would copy a bitmap of 10^5 bits


class ShardSet(AbstractSet[Shard]):
    """An immutable set of shards, in the order of generator names and shard numbers.

    `|`, `&` and `-` of two of them cost microseconds for 10^5 shards.

    Args:
        bitmaps: by generator; bit `n` represents shard `n`.
    """

    __slots__ = ("_bitmaps", "_size")

    def __init__(self, bitmaps: Mapping[str, int] | None = None) -> None:
        self._bitmaps = {name: bits for name, bits in sorted((bitmaps or {}).items()) if bits}
        self._size = sum(bits.bit_count() for bits in self._bitmaps.values())

    @classmethod
    def of(cls, shards: Iterable[Shard]) -> ShardSet:
        """The set of these shards."""
        if isinstance(shards, ShardSet):
            return shards
        found: dict[str, list[tuple[int, int]]] = {}
        for generator, number in shards:
            found.setdefault(generator, []).append((number, number))
        return cls({generator: _bitmap(spans) for generator, spans in found.items()})

    @classmethod
    def of_plan(cls, plan: Plan) -> ShardSet:
        """Every shard of a plan."""
        return cls({planned.name: (1 << planned.shards) - 1 for planned in plan.generators})

    @classmethod
    def of_wave(cls, wave: Wave) -> ShardSet:
        """Every shard of a wave."""
        found: dict[str, list[tuple[int, int]]] = {}
        for span in wave.spans:
            found.setdefault(span.generator, []).append((span.first, span.last))
        return cls({generator: _bitmap(spans) for generator, spans in found.items()})

    def __len__(self) -> int:
        return self._size

    def __contains__(self, shard: object) -> bool:
        if not isinstance(shard, tuple) or len(shard) != 2:
            return False
        generator, number = shard
        return bool(self._bitmaps.get(generator, 0) >> number & 1)

    def __iter__(self) -> Iterator[Shard]:
        for generator, bits in self._bitmaps.items():
            for number in _ones(bits):
                yield Shard(generator, number)

    def __or__(self, other: AbstractSet[Shard]) -> ShardSet:  # type: ignore[override]
        bitmaps = dict(self._bitmaps)
        for generator, bits in ShardSet.of(other)._bitmaps.items():
            bitmaps[generator] = bitmaps.get(generator, 0) | bits
        return ShardSet(bitmaps)

    def __and__(self, other: AbstractSet[Shard]) -> ShardSet:
        theirs = ShardSet.of(other)._bitmaps
        return ShardSet(
            {name: bits & theirs[name] for name, bits in self._bitmaps.items() if name in theirs}
        )

    def __sub__(self, other: AbstractSet[Shard]) -> ShardSet:
        theirs = ShardSet.of(other)._bitmaps
        return ShardSet({name: bits & ~theirs.get(name, 0) for name, bits in self._bitmaps.items()})

    def numbers(self, generator: str, first: int, last: int) -> Iterator[int]:
        """Numbers of a generator's shards from `first` to `last`, both included, ascending."""
        bits = (self._bitmaps.get(generator, 0) >> first) & ((1 << (last - first + 1)) - 1)
        return (first + number for number in _ones(bits))

    def only(self, generators: Iterable[str]) -> ShardSet:
        """The shards of these generators."""
        return ShardSet({name: self._bitmaps.get(name, 0) for name in generators})

    def __repr__(self) -> str:
        return f"ShardSet({list(self)!r})" if self._size < 10 else f"ShardSet of {self._size}"


def indexes_of(wave: Wave, shards: ShardSet) -> list[int]:
    """Completion indexes of those shards that the wave contains, ascending."""
    found: list[int] = []
    offset = 0
    for span in wave.spans:
        numbers = shards.numbers(span.generator, span.first, span.last)
        found += [offset + number - span.first for number in numbers]
        offset += span.last - span.first + 1
    return found


def shards_at(wave: Wave, indexes: Iterable[int]) -> Iterator[tuple[int, Shard]]:
    """Completion indexes with their shards, ascending; indexes outside the wave are ignored.

    One pass: `Wave.shard` for each index takes seconds for 10^4 indexes of a wave with many spans.
    """
    ordered = sorted(indexes)
    at = offset = 0
    for span in wave.spans:
        end = offset + span.last - span.first + 1
        while at < len(ordered) and ordered[at] < end:
            yield ordered[at], Shard(span.generator, span.first + ordered[at] - offset)
            at += 1
        offset = end


def _bitmap(spans: Sequence[tuple[int, int]]) -> int:
    """The bits from `first` to `last` of each span; the time is linear in spans and bits."""
    if len(spans) <= FEW_SPANS:
        bits = 0
        for first, last in spans:
            bits |= ((1 << (last - first + 1)) - 1) << first
        return bits
    size = max(last for _, last in spans) + 1
    digits = bytearray(b"0") * size
    for first, last in spans:
        digits[size - 1 - last : size - first] = b"1" * (last - first + 1)
    return int(digits, 2)


def _ones(bits: int) -> Iterator[int]:
    digits = bin(bits)[:1:-1] if bits else ""  # the lowest bit first
    number = digits.find("1")
    while number >= 0:
        yield number
        number = digits.find("1", number + 1)
