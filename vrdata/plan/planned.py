"""The plan: a run expanded and frozen. Its size depends on generators, never on samples."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from vrdata.model import API_VERSION, GeneratorClass, Model, OutputFormat, VideoMode, canonical_json
from vrdata.plan.catalogue import GeneratorName
from vrdata.plan.sources import PlannedPlace, PlannedSource

_ADDED = {"start", "commit", "licence", "converter", "source", "places"}
_ORIGIN = ("commit", "licence")
"""Facts that change no byte, or that the digest covers: they are not part of the hash."""
SAID = ("licence", "terms")
"""What the source of a pipeline says for readers: not part of the hash either."""


class Shard(NamedTuple):
    """One shard of a plan; it sorts by generator name, then by number, from 0."""

    generator: str
    number: int  # a field named `index` would hide the tuple's method


@dataclass(frozen=True, slots=True)
class ShardRange:
    """The blocks and samples of one shard: `[first_block, last_block)`, `[start, stop)`."""

    generator: str
    shard: int
    first_block: int
    last_block: int
    start: int
    stop: int


class PlannedGenerator(Model):
    """One generator's share of a plan: the samples `[start, stop)` and how they are cut.

    Blocks have fixed borders, the multiples of `block_size`. The first and the last block may be
    used in part; a block is generated as a whole in any case, so its samples do not depend on
    the range that a run asks for.

    Attributes:
        commit: the commit that the generator was added from, or "". The digest covers what it
            changes, so it is not part of the hash of the plan.
        licence: of the generator's or converter's code, as the catalogue has it, or ""; it is not
            part of the hash either.
        converter: its name in the catalogue, if `name` is another one; only class M.
        source: what a converter reads; one of its items is one sample.
        places: what a pipeline reads, sorted by place.
    """

    name: GeneratorName
    generator_class: GeneratorClass = Field(alias="class")
    digest: str
    start: int = Field(default=0, ge=0)
    samples: int = Field(ge=1)
    block_size: int = Field(ge=1)
    shard_blocks: int = Field(ge=1)
    args: tuple[str, ...] = ()
    commit: str = ""
    licence: str = ""
    converter: str = ""
    source: PlannedSource | None = None
    places: tuple[PlannedPlace, ...] = ()

    @model_serializer(mode="wrap")
    def _without_defaults(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Plans stored before these fields existed must keep their hash."""
        fields: dict[str, Any] = handler(self)
        return {name: value for name, value in fields.items() if value or name not in _ADDED}

    @property
    def catalogue_name(self) -> str:
        """Its name in the catalogue."""
        return self.converter or self.name

    @property
    def reads(self) -> bool:
        """Whether its samples come from the items of sources."""
        return self.source is not None or bool(self.places)

    @property
    def stop(self) -> int:
        """One more than the global index of the last sample."""
        return self.start + self.samples

    @property
    def first_block(self) -> int:
        """The block of the first sample."""
        return self.start // self.block_size

    @property
    def blocks(self) -> int:
        """How many blocks, those that are used in part included."""
        return -(-self.stop // self.block_size) - self.first_block

    @property
    def shards(self) -> int:
        """How many shards."""
        return -(-self.blocks // self.shard_blocks)

    def shard(self, index: int) -> ShardRange:
        """The range of shard `index`. Raises IndexError outside `[0, shards)`."""
        if not 0 <= index < self.shards:
            raise IndexError(index)
        first = self.first_block + index * self.shard_blocks
        last = min(first + self.shard_blocks, self.first_block + self.blocks)
        start = max(first * self.block_size, self.start)
        stop = min(last * self.block_size, self.stop)
        return ShardRange(self.name, index, first, last, start, stop)

    def shard_of(self, sample: int) -> int:
        """The shard with this global sample index. Raises IndexError outside `[start, stop)`."""
        if not self.start <= sample < self.stop:
            raise IndexError(sample)
        return (sample // self.block_size - self.first_block) // self.shard_blocks


class PlannedOutput(Model):
    """Output choices that change bytes."""

    format: OutputFormat
    video: VideoMode


class Plan(Model):
    """A frozen, expanded run.

    Attributes:
        versions: versions that can change a byte and are not part of a generator's digest.
        globs: the run's globs in their order, or None. They do not change a byte, so they are not
            part of the hash.
    """

    api_version: Literal["vrdata.dev/v1alpha1"] = API_VERSION
    kind: Literal["Plan"] = "Plan"
    namespace: str
    run: str
    seed: int
    output: PlannedOutput
    generators: tuple[PlannedGenerator, ...]
    versions: dict[str, str] = Field(default_factory=dict)
    globs: tuple[str, ...] | None = None

    @property
    def hash(self) -> str:
        """`sha256:…` over what changes a byte: equal hashes give equal bytes."""
        facts = {name: value for name, value in self.to_dict().items() if name != "globs"}
        for generator in facts["generators"]:
            for name in _ORIGIN:
                generator.pop(name, None)
            for place in generator.get("places", ()):
                for name in SAID:
                    place.pop(name, None)
        return "sha256:" + hashlib.sha256(canonical_json(facts)).hexdigest()

    def generator(self, name: str) -> PlannedGenerator:
        """The planned generator with this name. Raises KeyError."""
        for planned in self.generators:
            if planned.name == name:
                return planned
        raise KeyError(name)

    def all_shards(self) -> Iterator[Shard]:
        """Every shard, in plan order."""
        for planned in self.generators:
            for number in range(planned.shards):
                yield Shard(planned.name, number)

    def missing_shards(self, committed: AbstractSet[Shard]) -> Iterator[Shard]:
        """The shards that are not among `committed`, in plan order."""
        return (shard for shard in self.all_shards() if shard not in committed)
