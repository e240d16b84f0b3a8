"""dataset.json: what a finished dataset holds. No time and no host: equal data, equal file."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from vrdata.bounded.closing import Closing
from vrdata.dataset.finish.duplicates import DuplicateExample, DuplicateFinder
from vrdata.dataset.hashes import DatasetHasher
from vrdata.dataset.manifest import FailedSample, Record, ShardManifest
from vrdata.model import API_VERSION, GeneratorClass, Model, OutputFormat, VideoMode
from vrdata.plan.planned import Plan


class GeneratorSummary(Model):
    """One generator's share.

    Attributes:
        digest: of its code and environment, from the plan.
        failed_samples: samples left out because they could not be made.
        bytes: bytes of its data objects.
        duplicates: samples with the content of an earlier one (see `finish.duplicates`).
    """

    name: str
    generator_class: GeneratorClass = Field(alias="class")
    digest: str
    samples: int
    failed_samples: int
    shards: int
    bytes: int
    duplicates: int


class DatasetSummary(Model):
    """The dataset's counts and its hash.

    Attributes:
        plan: hash of the plan.
        files: files of all samples.
        bytes: bytes of all data objects.
        architectures: machine architectures that made the pixels.
        failures: left-out samples by reason.
    """

    api_version: Literal["vrdata.dev/v1alpha1"] = API_VERSION
    kind: Literal["Dataset"] = "Dataset"
    namespace: str
    run: str
    plan: str
    seed: int
    format: OutputFormat
    video: VideoMode
    samples: int
    failed_samples: int
    shards: int
    files: int
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
    size: int = 0


class SummaryBuilder(Closing):
    """Adds up commit markers, in any order and with bounded memory; a context manager."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._hasher = DatasetHasher()
        self._duplicates = DuplicateFinder()
        self._position = {planned.name: at for at, planned in enumerate(plan.generators)}
        self._counts = [_Counts() for _ in plan.generators]
        self._files = 0
        self._failures: Counter[str] = Counter()
        self._architectures: set[str] = set()

    def close(self) -> None:
        """See `Closing.close`."""
        self._hasher.close()
        self._duplicates.close()

    def add_shard(self, manifest: ShardManifest) -> None:
        """Count one shard; its records are added by `add`."""
        counts = self._counts[self._position[manifest.generator]]
        counts.shards += 1
        counts.size += manifest.bytes
        self._architectures.add(manifest.attempt.architecture)

    def add(self, generator: str, record: Record) -> None:
        """Count one record."""
        position = self._position[generator]
        if isinstance(record, FailedSample):
            self._counts[position].failed += 1
            self._failures[record.reason] += 1
            return
        self._counts[position].samples += 1
        self._files += len(record.files)
        for file in record.files:
            self._hasher.add(record.id, file.name, file.sha256)
        if record.content:
            name = f"{generator}/{record.id}"
            self._duplicates.add(record.content, position, record.index, name)

    def finish(self) -> DatasetSummary:
        """The summary of everything added."""
        duplicates, examples = self._duplicates.find()
        return DatasetSummary(
            namespace=self._plan.namespace,
            run=self._plan.run,
            plan=self._plan.hash,
            seed=self._plan.seed,
            format=self._plan.output.format,
            video=self._plan.output.video,
            samples=sum(one.samples for one in self._counts),
            failed_samples=sum(one.failed for one in self._counts),
            shards=sum(one.shards for one in self._counts),
            files=self._files,
            bytes=sum(one.size for one in self._counts),
            dataset_hash=self._hasher.hexdigest(),
            architectures=tuple(sorted(self._architectures)),
            generators=self._generators(duplicates),
            duplicates=duplicates.total(),
            duplicate_examples=examples,
            failures=dict(sorted(self._failures.items())),
        )

    def _generators(self, duplicates: Counter[int]) -> tuple[GeneratorSummary, ...]:
        return tuple(
            GeneratorSummary(
                name=planned.name,
                generator_class=planned.generator_class,
                digest=planned.digest,
                samples=counts.samples,
                failed_samples=counts.failed,
                shards=counts.shards,
                bytes=counts.size,
                duplicates=duplicates[position],
            )
            for position, (planned, counts) in enumerate(
                zip(self._plan.generators, self._counts, strict=True)
            )
        )
