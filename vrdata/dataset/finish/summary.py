"""dataset.json: a finished dataset's summary. Equal data give equal bytes: no time, no host."""

from __future__ import annotations

from collections import Counter
from typing import Literal

from pydantic import Field

from vrdata.api.status import FailureGroup
from vrdata.bounded.closing import Closing
from vrdata.contract.groups import FailureGroups
from vrdata.dataset import layout
from vrdata.dataset.finish.counts import GeneratorCounts, IndexedSample
from vrdata.dataset.finish.duplicates import DuplicateExample, RunDuplicates
from vrdata.dataset.hashes import DatasetHasher
from vrdata.dataset.reader import load_model
from vrdata.errors import InvalidInputError, NotFoundError
from vrdata.hermetic import HermeticShards
from vrdata.model import API_VERSION, GeneratorClass, Model, OutputFormat, VideoMode
from vrdata.plan.planned import Plan, PlannedGenerator
from vrdata.plan.sources import SourceRecord
from vrdata.store.port import ObjectNotFoundError, ObjectStore

MAX_FILE_NAMES = 1000
"""A table with more columns is of no use; it bounds memory, too."""


class FileNames:
    """The first MAX_FILE_NAMES names in sort order, in whichever order they are added."""

    def __init__(self) -> None:
        self._names: set[str] = set()
        self._last = ""
        self.unlisted = False

    def add(self, name: str) -> None:
        """Add the name of a sample's file."""
        if name in self._names or (self.unlisted and name > self._last):
            return
        self._names.add(name)
        if len(self._names) > MAX_FILE_NAMES:
            self._names.remove(max(self._names))
            self._last = max(self._names)
            self.unlisted = True

    def sorted(self) -> tuple[str, ...]:
        """The names."""
        return tuple(sorted(self._names))


class GeneratorSummary(Model):
    """One generator's part of the dataset.

    Attributes:
        digest: of its code and environment, from the plan.
        commit: that it was added from, from the plan; None when it was added from no commit.
        failed_samples: samples that could not be generated.
        bytes: bytes of its data objects.
        duplicates: samples with the content of an earlier one; see `finish.duplicates`.
        sources: what a pipeline read, by place; None for all other generators.
    """

    name: str
    generator_class: GeneratorClass = Field(alias="class")
    digest: str
    commit: str | None = None
    samples: int
    failed_samples: int
    shards: int
    bytes: int
    duplicates: int
    sources: tuple[SourceRecord, ...] | None = None


class DatasetSummary(Model):
    """A dataset's counts and its hash.

    Attributes:
        plan: hash of the plan.
        files: files of all samples.
        bytes: bytes of all data objects.
        architectures: machine architectures that generated the pixels.
        hermetic: shards by how far the kernel sandboxed their generator; those that are in neither
            level have no record.
        failures: failed samples by reason.
        failure_groups: failed samples by generator and reason, the largest groups, each with the
            number of samples, and shard, index and message of the first.
        file_names: names of the samples' files, sorted; at most MAX_FILE_NAMES.
        unlisted_file_names: samples have files of other names, too.
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
    hermetic: HermeticShards = HermeticShards()
    generators: tuple[GeneratorSummary, ...]
    duplicates: int
    duplicate_examples: tuple[DuplicateExample, ...] = ()
    failures: dict[str, int]
    failure_groups: tuple[FailureGroup, ...] = ()
    file_names: tuple[str, ...]
    unlisted_file_names: bool = False

    def bytes_of_generators(self) -> dict[str, int]:
        """Bytes of each generator's data objects."""
        return {one.name: one.bytes for one in self.generators}


class SummaryBuilder(Closing):
    """Adds up generators and their samples, with bounded memory; a context manager."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._hasher = DatasetHasher()
        self._duplicates = RunDuplicates(planned.name for planned in plan.generators)
        self._names = FileNames()
        self._counts: dict[str, GeneratorCounts] = {}

    def close(self) -> None:
        """See `Closing.close`."""
        self._hasher.close()
        self._duplicates.close()

    def add_counts(self, counts: GeneratorCounts) -> None:
        """Add the counts of one generator; a generator without any has nothing committed."""
        self._counts[counts.generator] = counts

    def add(self, generator: str, sample: IndexedSample) -> None:
        """Add one sample of a generator, in any order. Raises OSError when the disk is full."""
        for name, sha256 in sample.files:
            self._names.add(name)
            self._hasher.add(sample.id, name, sha256)
        self._duplicates.add(generator, sample.id, sample.sample_index, sample.content)

    def finish(self) -> DatasetSummary:
        """The summary of everything added."""
        duplicates, examples = self._duplicates.find()
        generators = tuple(
            self._generator(planned, duplicates[at])
            for at, planned in enumerate(self._plan.generators)
        )
        failures: Counter[str] = Counter()
        groups = FailureGroups()
        for counts in self._counts.values():
            groups.merge(counts.failures)
            for group in counts.failures:
                failures[group.reason] += group.count
        architectures = {name for one in self._counts.values() for name in one.architectures}
        return DatasetSummary(
            namespace=self._plan.namespace,
            run=self._plan.run,
            plan=self._plan.hash,
            seed=self._plan.seed,
            format=self._plan.output.format,
            video=self._plan.output.video,
            samples=sum(one.samples for one in generators),
            failed_samples=sum(one.failed_samples for one in generators),
            shards=sum(one.shards for one in generators),
            files=sum(one.files for one in self._counts.values()),
            bytes=sum(one.bytes for one in generators),
            dataset_hash=self._hasher.hexdigest(),
            architectures=tuple(sorted(architectures)),
            hermetic=sum((one.hermetic for one in self._counts.values()), HermeticShards()),
            generators=generators,
            duplicates=duplicates.total(),
            duplicate_examples=examples,
            failures=dict(sorted(failures.items())),
            failure_groups=groups.for_status(),
            file_names=self._names.sorted(),
            unlisted_file_names=self._names.unlisted,
        )

    def _generator(self, planned: PlannedGenerator, duplicates: int) -> GeneratorSummary:
        counts = self._counts.get(planned.name)
        return GeneratorSummary(
            name=planned.name,
            generator_class=planned.generator_class,
            digest=planned.digest,
            commit=planned.commit or None,
            samples=counts.samples if counts else 0,
            failed_samples=counts.failed_samples if counts else 0,
            shards=counts.shards if counts else 0,
            bytes=counts.bytes if counts else 0,
            duplicates=duplicates,
            sources=tuple(map(SourceRecord.of, planned.places)) or None,
        )


def known_bytes(store: ObjectStore) -> dict[str, int]:
    """Bytes of each generator's data in a finished run; empty without a summary that can be read.

    Raises:
        StorageError: the store cannot be used.
    """
    try:
        summary = load_summary(store)
    except InvalidInputError:  # dataset.json is damaged
        summary = None
    return {} if summary is None else summary.bytes_of_generators()


def load_summary(store: ObjectStore) -> DatasetSummary | None:
    """The summary of a finished run; None without `_SUCCESS` or dataset.json.

    Raises:
        InvalidInputError: dataset.json is damaged.
        StorageError: the store cannot be used.
    """
    if store.head(layout.SUCCESS) is None:
        return None
    try:
        return load_model(store, layout.DATASET, DatasetSummary)
    except ObjectNotFoundError:
        return None


def require_finished(store: ObjectStore) -> DatasetSummary:
    """The summary of a finished run: dataset.json, with the dataset hash of `_SUCCESS`.

    Raises:
        NotFoundError: the run is not finished.
        InvalidInputError: dataset.json is damaged, or `_SUCCESS` has another hash.
        StorageError: the store cannot be used.
    """
    try:
        success = store.get(layout.SUCCESS)
    except ObjectNotFoundError:
        raise NotFoundError(
            f"the run in {store.url} is not finished",
            why=f"it has no {layout.SUCCESS}",
            fix="run the same run file again first",
        ) from None
    summary = load_model(store, layout.DATASET, DatasetSummary)
    if success != f"{summary.dataset_hash}\n".encode():
        raise InvalidInputError(
            f"{layout.SUCCESS} and {layout.DATASET} in {store.url} have different dataset hashes",
            fix="list everything that is damaged: vrdata verify",
        )
    return summary
