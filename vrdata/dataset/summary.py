"""dataset.json: what a finished dataset holds. No time and no host: equal data, equal file."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

from vrdata.dataset.hashing import DatasetHasher
from vrdata.dataset.manifest import ShardManifest
from vrdata.model import API_VERSION, Model
from vrdata.plan.model import OutputFormat, Plan

MAX_EXAMPLES = 20


class GeneratorSummary(Model):
    """One generator's share; `duplicates` counts samples equal to one of a lower index."""

    name: str
    samples: int
    failed_samples: int
    shards: int
    bytes: int
    duplicates: int


class DuplicateExample(Model):
    """A sample and the earlier one with the same content."""

    sample: str
    original: str


class DatasetSummary(Model):
    """The dataset's counts and its hash."""

    api_version: Literal["vrdata.dev/v1alpha1"] = API_VERSION
    kind: Literal["Dataset"] = "Dataset"
    namespace: str
    run: str
    plan: str
    format: OutputFormat
    samples: int
    failed_samples: int
    shards: int
    bytes: int
    dataset_hash: str
    architectures: tuple[str, ...]
    generators: tuple[GeneratorSummary, ...]
    duplicates: int
    duplicate_examples: tuple[DuplicateExample, ...] = ()
    failures: dict[str, int]


@dataclass(slots=True)
class _Counts:
    samples: int = 0
    failed: int = 0
    shards: int = 0
    bytes: int = 0
    duplicates: int = 0
    # 16 bytes a sample: the only thing here that grows with samples
    seen: dict[bytes, int] = field(default_factory=dict)


class SummaryBuilder:
    """Adds up commit markers in plan order (so the lowest index of equal samples comes first)."""

    def __init__(self, plan: Plan, hasher: DatasetHasher) -> None:
        self._plan = plan
        self._hasher = hasher
        self._counts = {planned.name: _Counts() for planned in plan.generators}
        self._failures: Counter[str] = Counter()
        self._examples: list[DuplicateExample] = []
        self._architectures: set[str] = set()

    def add(self, manifest: ShardManifest) -> None:
        """Count one shard."""
        counts = self._counts[manifest.generator]
        counts.shards += 1
        counts.bytes += manifest.bytes
        counts.samples += len(manifest.samples)
        counts.failed += len(manifest.failed)
        self._failures.update(failure.reason for failure in manifest.failed)
        self._architectures.add(manifest.attempt.architecture)
        for sample in manifest.samples:
            for file in sample.files:
                self._hasher.add(sample.id, file.name, file.sha256)
            if not sample.content:
                continue
            key = bytes.fromhex(sample.content)[:16]
            first = counts.seen.setdefault(key, sample.index)
            if first != sample.index:
                counts.duplicates += 1
                if len(self._examples) < MAX_EXAMPLES:
                    original = f"{sample.domain}_{first:08d}"
                    self._examples.append(DuplicateExample(sample=sample.id, original=original))

    def finish(self) -> DatasetSummary:
        """The summary of everything added."""
        counts = self._counts.values()
        return DatasetSummary(
            namespace=self._plan.namespace,
            run=self._plan.run,
            plan=self._plan.hash,
            format=self._plan.output.format,
            samples=sum(one.samples for one in counts),
            failed_samples=sum(one.failed for one in counts),
            shards=sum(one.shards for one in counts),
            bytes=sum(one.bytes for one in counts),
            dataset_hash=self._hasher.hexdigest(),
            architectures=tuple(sorted(self._architectures)),
            generators=tuple(
                GeneratorSummary(
                    name=name,
                    samples=one.samples,
                    failed_samples=one.failed,
                    shards=one.shards,
                    bytes=one.bytes,
                    duplicates=one.duplicates,
                )
                for name, one in self._counts.items()
            ),
            duplicates=sum(one.duplicates for one in counts),
            duplicate_examples=tuple(self._examples),
            failures=dict(sorted(self._failures.items())),
        )
