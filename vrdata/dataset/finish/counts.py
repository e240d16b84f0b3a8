"""Counts of one generator's shards; the generator's index holds them in its metadata."""

from __future__ import annotations

from typing import NamedTuple

from pydantic import Field

from vrdata.contract.groups import FailureGroup, FailureGroups
from vrdata.dataset.checks.dropped import add_failed_sample
from vrdata.dataset.manifest import Record, SampleRecord, ShardManifest
from vrdata.hermetic import HermeticShards, shards_of
from vrdata.model import Model
from vrdata.plan.planned import Shard


class GeneratorCounts(Model):
    """What a generator's commit markers add up to.

    Attributes:
        plan: hash of the plan.
        samples: samples, and rows of the index.
        failed_samples: samples that could not be generated.
        files: files of all samples.
        bytes: bytes of all data objects.
        architectures: machine architectures that generated the pixels.
        hermetic: shards by how far the kernel sandboxed their generator.
        failures: the failed samples by reason, with an example each.
    """

    plan: str
    generator: str
    shards: int = Field(default=0, ge=0)
    samples: int = Field(default=0, ge=0)
    failed_samples: int = Field(default=0, ge=0)
    files: int = Field(default=0, ge=0)
    bytes: int = Field(default=0, ge=0)
    architectures: tuple[str, ...] = ()
    hermetic: HermeticShards = HermeticShards()
    failures: tuple[FailureGroup, ...] = ()


class IndexedSample(NamedTuple):
    """The columns of a row that finalisation reads; `files` are pairs of name and hex sha256."""

    id: str
    sample_index: int
    shard: int
    content: str
    files: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, shard: int, record: SampleRecord) -> IndexedSample:
        """The same columns of a sample record."""
        files = tuple((file.name, file.sha256) for file in record.files)
        return cls(record.id, record.index, shard, record.content, files)


class GeneratorCounter:
    """Adds up commit markers of one generator; its memory does not grow with samples.

    Args:
        plan_hash: hash of the plan.
        generator: the generator's name.
    """

    def __init__(self, plan_hash: str, generator: str) -> None:
        self._plan = plan_hash
        self._generator = generator
        self._shards = self._samples = self._failed = self._files = self._bytes = 0
        self._architectures: set[str] = set()
        self._hermetic = HermeticShards()
        self._failures = FailureGroups()
        self._shard = 0

    def add_shard(self, manifest: ShardManifest) -> None:
        """Count a shard, but not its records, which follow."""
        self._shards += 1
        self._shard = manifest.shard
        self._bytes += manifest.bytes
        self._architectures.add(manifest.attempt.architecture)
        self._hermetic += shards_of(manifest.attempt.hermetic)

    def add(self, record: Record) -> None:
        """Count a record."""
        if isinstance(record, SampleRecord):
            self._samples += 1
            self._files += len(record.files)
        else:
            self._failed += 1
            add_failed_sample(self._failures, Shard(self._generator, self._shard), record)

    def counts(self) -> GeneratorCounts:
        """The counts of everything added."""
        return GeneratorCounts(
            plan=self._plan,
            generator=self._generator,
            shards=self._shards,
            samples=self._samples,
            failed_samples=self._failed,
            files=self._files,
            bytes=self._bytes,
            architectures=tuple(sorted(self._architectures)),
            hermetic=self._hermetic,
            failures=self._failures.all(),
        )
