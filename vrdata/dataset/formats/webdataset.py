"""Format webdataset: a plain tar for each shard, members `{generator}-{index:08d}.{file name}`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from vrdata.dataset import layout
from vrdata.dataset.formats.archived import ArchiveFormat
from vrdata.dataset.formats.base import PendingObject, ShardPlace, ShardWriter, SourceFile
from vrdata.dataset.formats.packing import HashingFile, append, by_name
from vrdata.dataset.formats.ustar import TarWriter
from vrdata.dataset.manifest import FileRecord, SampleRecord
from vrdata.model import OutputFormat


class WebDatasetFormat(ArchiveFormat):
    """Tars that WebDataset loaders read; each file can be read by a range request."""

    name: ClassVar[OutputFormat] = "webdataset"

    def archive_key(self, shard: ShardPlace) -> str:
        """See ArchiveFormat."""
        return layout.shard_tar_key(shard.generator, shard.shard)

    def path(self, generator: str, sample: SampleRecord, name: str) -> str:
        """See Format."""
        return _member(generator, sample.index, name)

    def locate(self, path: str) -> tuple[int, str]:
        """See Format."""
        stem, _, name = path.partition(".")
        return layout.sample_index(stem), name

    def open_writer(self, scratch: Path, shard: ShardPlace) -> ShardWriter:
        """See Format."""
        return _Writer(scratch / "data.tar", self.archive_key(shard), shard.generator)


class _Writer:
    def __init__(self, path: Path, key: str, generator: str) -> None:
        self._path, self._key, self._generator = path, key, generator
        self._file = HashingFile(path)
        self._tar = TarWriter(self._file)

    def add(self, index: int, domain: str, files: Sequence[SourceFile]) -> tuple[FileRecord, ...]:
        """See ShardWriter."""
        del domain
        return tuple(
            append(self._tar, _member(self._generator, index, file.name), file)
            for file in by_name(files)
        )

    def finish(self) -> tuple[PendingObject, ...]:
        """See ShardWriter."""
        self._tar.close()
        digest = self._file.close()
        size = self._file.size
        return (PendingObject(self._key, self._path, size, digest, "application/x-tar"),)


def _member(generator: str, index: int, name: str) -> str:
    return f"{layout.sample_key(generator, index)}.{name}"
