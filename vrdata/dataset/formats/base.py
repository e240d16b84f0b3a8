"""What every output format can do; the classes are in webdataset, targz, files and parquet.

All functions take a generator, sample records and file records, never a whole commit marker.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol

from vrdata.dataset.manifest import DataObject, FileRecord, SampleRecord
from vrdata.errors import InvalidInputError, OutputConflictError
from vrdata.model import OutputFormat
from vrdata.store.port import ObjectStore
from vrdata.text import count


class ShardPlace(Protocol):
    """A shard's number and samples, as in a plan's `ShardRange` or a commit marker."""

    @property
    def generator(self) -> str:
        """Its generator's name."""

    @property
    def shard(self) -> int:
        """Its number."""

    @property
    def start(self) -> int:
        """Its first sample."""

    @property
    def stop(self) -> int:
        """The sample after its last one."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A finished file of a sample, as the child reported it."""

    name: str
    path: Path
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class PendingObject:
    """A data object in a local file, not committed yet."""

    key: str
    path: Path
    size: int
    sha256: str
    content_type: str
    columns: str | None = None

    def data_object(self) -> DataObject:
        """Its record in the commit marker."""
        return DataObject(key=self.key, size=self.size, sha256=self.sha256, columns=self.columns)


class ShardWriter(Protocol):
    """Takes samples in index order and returns the shard's data objects."""

    def add(self, index: int, domain: str, files: Sequence[SourceFile]) -> tuple[FileRecord, ...]:
        """Append a sample; its files may be removed afterwards.

        Returns:
            The files' records, sorted by name.

        Raises:
            FileChangedError: a file's bytes differ from its record.
            InvalidInputError: a name does not fit the format.
        """
        ...

    def finish(self) -> tuple[PendingObject, ...]:
        """The data objects. The writer takes no more samples."""
        ...


class Format(ABC):
    """An output format.

    Attributes:
        name: as in `spec.output.format`.
        is_archive: a shard is one archive; otherwise each file is an object of its own.
        is_sequential: a file can be reached only by reading everything before it.
        writer_bytes: memory that a writer takes, beside the few MiB of every supervisor.
    """

    name: ClassVar[OutputFormat]
    is_archive: ClassVar[bool]
    is_sequential: ClassVar[bool] = False
    writer_bytes: ClassVar[int] = 0

    @abstractmethod
    def keys(self, shard: ShardPlace, samples: Iterable[SampleRecord]) -> Iterator[str]:
        """Keys of a shard's data objects, in the order of the commit marker."""

    @abstractmethod
    def container(self, shard: ShardPlace, sample: SampleRecord) -> str:
        """Key of the archive that a sample is in, or of its folder, with a closing slash."""

    @abstractmethod
    def path(self, generator: str, sample: SampleRecord, name: str) -> str:
        """Where a sample's file is: its name in the archive, or its key."""

    @abstractmethod
    def locate(self, path: str) -> tuple[int, str]:
        """Sample index and file name of a path. Raises ValueError when it is not a sample's."""

    @abstractmethod
    def open_writer(self, scratch: Path, shard: ShardPlace) -> ShardWriter:
        """A writer for one shard; it creates files in the existing private folder `scratch`."""

    def open_rows_writer(
        self, scratch: Path, shard: ShardPlace, columns: SourceFile
    ) -> ShardWriter:
        """As `open_writer`, for the rows of a converter.

        Args:
            scratch: the existing private folder.
            shard: the shard.
            columns: rows as the child writes them, but without a row: the columns of all items.

        Raises:
            InvalidInputError: the columns cannot be used, or this format does not store rows.
        """
        del scratch, shard, columns
        raise InvalidInputError(
            f"output.format {self.name} does not store rows", fix="set output.format to parquet"
        )

    @abstractmethod
    def stored_files(
        self, store: ObjectStore, data: Sequence[DataObject]
    ) -> Iterator[tuple[int, FileRecord]]:
        """Sample index and record of each file in a shard's stored data objects.

        Raises:
            ValueError: a path is not a sample's.
            DamagedArchiveError, StorageError: they cannot be read.
        """

    def stored_samples(
        self, store: ObjectStore, data: Sequence[DataObject], indexes: Collection[int]
    ) -> dict[int, tuple[FileRecord, ...]]:
        """Records of the stored files, sorted by name, by global sample index.

        Args:
            store: the run's store.
            data: data objects that another attempt wrote first.
            indexes: the samples that they must hold.

        Raises:
            OutputConflictError: they hold other samples.
            DamagedArchiveError, StorageError: they cannot be read.
        """
        found: defaultdict[int, list[FileRecord]] = defaultdict(list)
        try:
            for index, record in self.stored_files(store, data):
                found[index].append(record)
        except ValueError as error:
            raise _other_samples(data, f"{error} is not a file of a sample") from None
        if set(found) != set(indexes):
            why = f"stored: {count(len(found), 'sample')}; generated: {len(indexes)}"
            raise _other_samples(data, why)
        return {
            index: tuple(sorted(files, key=lambda file: file.name))
            for index, files in found.items()
        }

    @abstractmethod
    def read_samples(
        self,
        store: ObjectStore,
        generator: str,
        samples: Iterable[SampleRecord],
        data: Sequence[DataObject],
    ) -> Iterator[tuple[SampleRecord, dict[str, bytes]]]:
        """Each of a shard's samples with its files; memory holds one sample.

        Args:
            store: the run's store.
            generator: the generator's name.
            samples: the samples from the shard's first on, in index order; it may stop early.
            data: the shard's data objects.

        Raises:
            NotFoundError, DamagedArchiveError, StorageError: they cannot be read.
        """

    @abstractmethod
    def read_file(
        self,
        store: ObjectStore,
        generator: str,
        sample: SampleRecord,
        record: FileRecord,
        data: Sequence[DataObject],
    ) -> bytes:
        """The stored bytes of one file, not compared with its checksum.

        Raises:
            NotFoundError, DamagedArchiveError, StorageError: they cannot be read.
        """


def _other_samples(data: Sequence[DataObject], why: str) -> OutputConflictError:
    return OutputConflictError(
        f"{data[0].key} already exists and has other samples than this shard",
        why=why,
        fix="write to another output folder, or remove the run's folder and start again",
    )
