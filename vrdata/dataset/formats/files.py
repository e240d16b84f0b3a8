"""Format files: one object for each file, in the folders of the present pipeline."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import ClassVar

from vrdata.dataset import layout
from vrdata.dataset.formats.base import Format, PendingObject, ShardPlace, ShardWriter, SourceFile
from vrdata.dataset.formats.packing import by_name, checked
from vrdata.dataset.formats.untrusted import changed
from vrdata.dataset.manifest import DataObject, FileRecord, SampleRecord
from vrdata.model import OutputFormat
from vrdata.store.port import ObjectStore


class FilesFormat(Format):
    """Objects `questions/{generator}/{domain}_task/{id}/{file name}`."""

    name: ClassVar[OutputFormat] = "files"
    is_archive: ClassVar[bool] = False

    def keys(self, shard: ShardPlace, samples: Iterable[SampleRecord]) -> Iterator[str]:
        """See Format."""
        for sample in samples:
            for file in sample.files:
                yield self.path(shard.generator, sample, file.name)

    def container(self, shard: ShardPlace, sample: SampleRecord) -> str:
        """See Format."""
        return self.path(shard.generator, sample, "")

    def path(self, generator: str, sample: SampleRecord, name: str) -> str:
        """See Format."""
        return _key(generator, sample.domain, sample.index, name)

    def locate(self, path: str) -> tuple[int, str]:
        """See Format."""
        folder, _, name = path.rpartition("/")
        return layout.sample_index(folder), name

    def open_writer(self, scratch: Path, shard: ShardPlace) -> ShardWriter:
        """See Format."""
        return _Writer(scratch / "data", shard.generator)

    def stored_files(
        self, store: ObjectStore, data: Sequence[DataObject]
    ) -> Iterator[tuple[int, FileRecord]]:
        """See Format; the data objects say everything, so nothing is read."""
        del store
        for item in data:
            index, name = self.locate(item.key)
            yield index, FileRecord(name=name, size=item.size, sha256=item.sha256)

    def read_samples(
        self,
        store: ObjectStore,
        generator: str,
        samples: Iterable[SampleRecord],
        data: Sequence[DataObject],
    ) -> Iterator[tuple[SampleRecord, dict[str, bytes]]]:
        """See Format; one request for each file."""
        for sample in samples:
            yield (
                sample,
                {
                    file.name: self.read_file(store, generator, sample, file, data)
                    for file in sample.files
                },
            )

    def read_file(
        self,
        store: ObjectStore,
        generator: str,
        sample: SampleRecord,
        record: FileRecord,
        data: Sequence[DataObject],
    ) -> bytes:
        """See Format."""
        del data
        return store.get(self.path(generator, sample, record.name))


class _Writer:
    def __init__(self, folder: Path, generator: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._generator = folder, generator
        self._pending: list[PendingObject] = []

    def add(self, index: int, domain: str, files: Sequence[SourceFile]) -> tuple[FileRecord, ...]:
        """See ShardWriter."""
        records = []
        for file in by_name(files):
            kept = self._folder / f"{index:08d}-{file.name}"
            try:
                file.path.rename(kept)
            except OSError as error:
                raise changed(file.name, f"it cannot be moved: {error.strerror}") from None
            records.append(checked(kept, file))
            key = _key(self._generator, domain, index, file.name)
            self._pending.append(PendingObject(key, kept, file.size, file.sha256, ""))
        return tuple(records)

    def finish(self) -> tuple[PendingObject, ...]:
        """See ShardWriter."""
        return tuple(self._pending)


def _key(generator: str, domain: str, index: int, name: str) -> str:
    return f"{layout.QUESTIONS}{layout.sample_folder(generator, domain, index)}/{name}"
