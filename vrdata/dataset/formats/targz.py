"""Format tar: a tar.gz for each shard, members `{generator}/{domain}_task/{id}/{file name}`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from vrdata.dataset import layout
from vrdata.dataset.formats.archived import ArchiveFormat
from vrdata.dataset.formats.base import PendingObject, ShardPlace, ShardWriter, SourceFile
from vrdata.dataset.formats.packing import HashingFile, append, by_name
from vrdata.dataset.formats.ustar import Sink, TarWriter
from vrdata.dataset.manifest import FileRecord, SampleRecord
from vrdata.model import OutputFormat

GZIP_LEVEL = 1  # PNG and H.264 are compressed already; higher levels gain nothing


class TarGzFormat(ArchiveFormat):
    """The archives of the present pipeline; reading one file reads everything before it."""

    name: ClassVar[OutputFormat] = "tar"
    is_sequential: ClassVar[bool] = True

    def archive_key(self, shard: ShardPlace) -> str:
        """See ArchiveFormat."""
        return layout.shard_targz_key(shard.generator, shard.start, shard.stop)

    def path(self, generator: str, sample: SampleRecord, name: str) -> str:
        """See Format."""
        return f"{layout.sample_folder(generator, sample.domain, sample.index)}/{name}"

    def locate(self, path: str) -> tuple[int, str]:
        """See Format."""
        folder, _, name = path.rpartition("/")
        return layout.sample_index(folder), name

    def open_writer(self, scratch: Path, shard: ShardPlace) -> ShardWriter:
        """See Format."""
        return _Writer(scratch / "data.tar.gz", self.archive_key(shard), shard.generator)


class _Writer:
    def __init__(self, path: Path, key: str, generator: str) -> None:
        self._path, self._key, self._generator = path, key, generator
        self._file = HashingFile(path)
        self._gzip = open_gzip(self._file)
        self._tar = TarWriter(self._gzip)

    def add(self, index: int, domain: str, files: Sequence[SourceFile]) -> tuple[FileRecord, ...]:
        """See ShardWriter."""
        folder = layout.sample_folder(self._generator, domain, index)
        records = [append(self._tar, f"{folder}/{file.name}", file) for file in by_name(files)]
        # An offset in a compressed stream is of no use to a reader.
        return tuple(record.model_copy(update={"offset": None}) for record in records)

    def finish(self) -> tuple[PendingObject, ...]:
        """See ShardWriter."""
        self._tar.close()
        self._gzip.close()
        digest = self._file.close()
        size = self._file.size
        return (PendingObject(self._key, self._path, size, digest, "application/gzip"),)


def open_gzip(stream: Sink) -> Any:
    """A stream that compresses to another one, with equal bytes on every machine.

    Args:
        stream: it has `write` and `flush`, and stays open.
    """
    from zlib_ng import gzip_ng  # noqa: PLC0415 - readers, such as the operator, need none

    # zlib-ng's own deflate: the standard library's differs between machines.
    return gzip_ng.GzipNGFile(  # type: ignore[no-untyped-call]
        filename="", mode="wb", compresslevel=GZIP_LEVEL, fileobj=stream, mtime=0
    )
