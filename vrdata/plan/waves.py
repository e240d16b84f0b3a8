"""Waves: which shards go into one Indexed Job. Pure.

A wave holds shards of one class that share an attempt number and a memory step. Its file in the
store maps each completion index to a shard.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

from pydantic import Field

from vrdata.model import API_VERSION, GeneratorClass, Model
from vrdata.plan.catalogue import GeneratorName
from vrdata.plan.planned import Shard

# A Job rewrites its index sets at every step; 10^4 indexes are at most 48 KiB of them.
MAX_SHARDS = 10_000
MAX_WAVES = 10_000  # of one output: the key of a wave file has four digits
CLASSES: tuple[GeneratorClass, ...] = ("O", "G", "M")


class ShardSpan(Model):
    """Neighbouring shards of one generator: `[first, last]`, both included."""

    generator: GeneratorName
    first: int = Field(ge=0)
    last: int = Field(ge=0)


class Wave(Model):
    """One Indexed Job's worth of shards.

    Attributes:
        plan: hash of the plan.
        run: UID of the GenerationRun; the attempts of another object with the
            same name and plan do not use up this one's.
        attempt: number of this try of its shards in this output, from 0.
        uncharged: how many of the tries before it, in this run or repair, are not charged to
            `failurePolicy.retries`, because they were interrupted.
        memory_bytes: memory of one pod.
        repair: its shards are committed, and their data is missing or damaged (see ShardTask).
        request: value of the annotation that asked for this repair; empty = none did.
        allow_failed_samples: failed samples that each shard may drop (the last attempt's budget).
        spans: its shards; empty in the memory of an operator when the wave's file was lost.
    """

    api_version: Literal["vrdata.dev/v1alpha1"] = API_VERSION
    kind: Literal["Wave"] = "Wave"
    plan: str
    run: str = ""
    wave: int = Field(ge=0, lt=MAX_WAVES)
    generator_class: GeneratorClass = Field(alias="class")
    attempt: int = Field(ge=0)
    uncharged: int = Field(default=0, ge=0)
    memory_bytes: int = Field(ge=1)
    allow_failed_samples: int = Field(default=0, ge=0)
    repair: bool = False
    request: str = ""
    spans: tuple[ShardSpan, ...]

    @property
    def size(self) -> int:
        """How many shards, which is the Job's number of completions."""
        return sum(span.last - span.first + 1 for span in self.spans)

    def shards(self) -> Iterator[Shard]:
        """(generator, shard) of each completion index, in order."""
        for span in self.spans:
            for shard in range(span.first, span.last + 1):
                yield Shard(span.generator, shard)

    def shard(self, index: int) -> Shard:
        """(generator, shard) of one completion index. Raises IndexError."""
        left = index
        for span in self.spans if index >= 0 else ():
            count = span.last - span.first + 1
            if left < count:
                return Shard(span.generator, span.first + left)
            left -= count
        raise IndexError(index)


def to_spans(shards: Iterable[Shard]) -> tuple[ShardSpan, ...]:
    """Shards as spans, generators in the order of their first shard."""
    by_generator: dict[str, list[int]] = {}
    for generator, shard in shards:
        by_generator.setdefault(generator, []).append(shard)
    return tuple(
        ShardSpan(generator=generator, first=first, last=last)
        for generator, indexes in by_generator.items()
        for first, last in _neighbours(indexes)
    )


def chunks(shards: list[Shard]) -> Iterator[list[Shard]]:
    """The shards in lists that one Job can hold."""
    for start in range(0, len(shards), MAX_SHARDS):
        yield shards[start : start + MAX_SHARDS]


def _neighbours(indexes: Iterable[int]) -> list[tuple[int, int]]:
    """Runs of consecutive indexes, as (first, last) with both ends included, ascending."""
    runs: list[tuple[int, int]] = []
    for index in sorted(set(indexes)):
        if runs and runs[-1][1] == index - 1:
            runs[-1] = (runs[-1][0], index)
        else:
            runs.append((index, index))
    return runs
