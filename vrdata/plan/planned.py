"""The plan: a run expanded and frozen. Its size depends on generators, never on samples."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Literal, NamedTuple

from pydantic import Field

from vrdata.model import API_VERSION, GeneratorClass, Model, OutputFormat, VideoMode, canonical_json
from vrdata.plan.catalogue import GeneratorName


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
    """One generator's share of a plan; blocks and shards follow by arithmetic."""

    name: GeneratorName
    generator_class: GeneratorClass = Field(alias="class")
    digest: str
    samples: int = Field(ge=1)
    block_size: int = Field(ge=1)
    shard_blocks: int = Field(ge=1)
    args: tuple[str, ...] = ()

    @property
    def blocks(self) -> int:
        """How many blocks; the last one may be partly used."""
        return -(-self.samples // self.block_size)

    @property
    def shards(self) -> int:
        """How many shards."""
        return -(-self.blocks // self.shard_blocks)

    def shard(self, index: int) -> ShardRange:
        """The range of shard `index`. Raises IndexError outside `[0, shards)`."""
        if not 0 <= index < self.shards:
            raise IndexError(index)
        first = index * self.shard_blocks
        last = min(first + self.shard_blocks, self.blocks)
        stop = min(last * self.block_size, self.samples)
        return ShardRange(self.name, index, first, last, first * self.block_size, stop)


class PlannedOutput(Model):
    """Output choices that change bytes."""

    format: OutputFormat
    video: VideoMode


class Plan(Model):
    """A frozen, expanded run.

    Attributes:
        versions: versions that can change a byte and are not part of a generator's digest.
        globs: the run's globs in its order, None without any. They say where the generators come
            from and change no byte, so the hash leaves them out.
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
        """`sha256:…` over everything in the plan but `globs`: equal hashes give equal bytes."""
        facts = {name: value for name, value in self.to_dict().items() if name != "globs"}
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
