"""Build a shard's data objects in a scratch folder, one writer for each output format."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from zlib_ng import gzip_ng

from vrdata.dataset import layout
from vrdata.dataset.formats.untrusted import changed, read_exactly
from vrdata.dataset.formats.ustar import TarWriter
from vrdata.dataset.manifest import DataObject, FileRecord
from vrdata.model import OutputFormat
from vrdata.plan.planned import ShardRange

GZIP_LEVEL = 1  # PNG and H.264 are compressed already; higher levels gain nothing


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A finished file of a sample, as the child reported it."""

    name: str
    path: Path
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class PendingObject:
    """A data object that waits in a local file for its commit."""

    key: str
    path: Path
    size: int
    sha256: str
    content_type: str

    def data_object(self) -> DataObject:
        """Its record in the commit marker."""
        return DataObject(key=self.key, size=self.size, sha256=self.sha256)


class ShardWriter(Protocol):
    """Takes samples in index order and gives the shard's data objects."""

    def add(self, index: int, domain: str, files: Sequence[SourceFile]) -> tuple[FileRecord, ...]:
        """Append a sample; its files may be removed afterwards.

        Returns:
            The files' records, sorted by name.

        Raises:
            FileChangedError: a file has other bytes than its record says.
            InvalidInputError: a name does not fit the format.
        """
        ...

    def finish(self) -> tuple[PendingObject, ...]:
        """The data objects. The writer takes no more samples."""
        ...


def open_writer(
    output_format: OutputFormat, scratch: Path, generator: str, shard: ShardRange
) -> ShardWriter:
    """The writer of an output format.

    Args:
        scratch: an existing private folder; the objects' files are made in it.
        generator: the generator's name.
        shard: the samples that will be added.
    """
    match output_format:
        case "webdataset":
            key = layout.shard_tar_key(generator, shard.shard)
            return _WebDatasetWriter(scratch / "data.tar", key, generator)
        case "tar":
            key = layout.shard_targz_key(generator, shard.start, shard.stop)
            return _TarGzWriter(scratch / "data.tar.gz", key, generator)
        case "files":
            return _FilesWriter(scratch / "data", generator)


class _HashingStream:
    """Writes through to a file and hashes what passes."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")
        self._digest = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes) -> int:
        self._digest.update(data)
        self.size += len(data)
        return self._file.write(data)

    def flush(self) -> None:
        self._file.flush()

    def close(self) -> str:
        self._file.close()
        return self._digest.hexdigest()


class _WebDatasetWriter:
    """`{generator}-{index:08d}.{file name}` members in a plain tar."""

    def __init__(self, path: Path, key: str, generator: str) -> None:
        self._path, self._key, self._generator = path, key, generator
        self._stream = _HashingStream(path)
        self._tar = TarWriter(self._stream)

    def add(self, index: int, domain: str, files: Sequence[SourceFile]) -> tuple[FileRecord, ...]:
        """See ShardWriter."""
        del domain
        key = layout.sample_key(self._generator, index)
        return tuple(_append(self._tar, f"{key}.{file.name}", file) for file in _sorted(files))

    def finish(self) -> tuple[PendingObject, ...]:
        """See ShardWriter."""
        self._tar.close()
        digest = self._stream.close()
        return (
            PendingObject(self._key, self._path, self._stream.size, digest, "application/x-tar"),
        )


class _TarGzWriter:
    """`{generator}/{domain}_task/{id}/{file name}` members in a tar.gz without a time."""

    def __init__(self, path: Path, key: str, generator: str) -> None:
        self._path, self._key, self._generator = path, key, generator
        self._stream = _HashingStream(path)
        # zlib-ng's own deflate: the standard library's is the machine's and differs between them.
        self._gzip = gzip_ng.GzipNGFile(  # type: ignore[no-untyped-call]
            filename="", mode="wb", compresslevel=GZIP_LEVEL, fileobj=self._stream, mtime=0
        )
        self._tar = TarWriter(self._gzip)

    def add(self, index: int, domain: str, files: Sequence[SourceFile]) -> tuple[FileRecord, ...]:
        """See ShardWriter."""
        folder = layout.sample_folder(self._generator, domain, index)
        records = [_append(self._tar, f"{folder}/{file.name}", file) for file in _sorted(files)]
        # Offsets inside a compressed stream are of no use to a reader.
        return tuple(record.model_copy(update={"offset": None}) for record in records)

    def finish(self) -> tuple[PendingObject, ...]:
        """See ShardWriter."""
        self._tar.close()
        self._gzip.close()
        digest = self._stream.close()
        return (
            PendingObject(self._key, self._path, self._stream.size, digest, "application/gzip"),
        )


class _FilesWriter:
    """One object for each file, in the layout of the present pipeline."""

    def __init__(self, folder: Path, generator: str) -> None:
        self._folder, self._generator = folder, generator
        self._pending: list[PendingObject] = []

    def add(self, index: int, domain: str, files: Sequence[SourceFile]) -> tuple[FileRecord, ...]:
        """See ShardWriter."""
        place = layout.sample_folder(self._generator, domain, index)
        folder = self._folder / f"{index:08d}"
        folder.mkdir(parents=True)
        records = []
        for file in _sorted(files):
            kept = folder / file.name
            try:
                file.path.rename(kept)
            except OSError as error:
                raise changed(file.name, f"it cannot be moved: {error.strerror}") from None
            digest = hashlib.sha256()
            for chunk in read_exactly(kept, file.size):
                digest.update(chunk)
            _check(file, digest.hexdigest())
            self._pending.append(
                PendingObject(f"questions/{place}/{file.name}", kept, file.size, file.sha256, "")
            )
            records.append(FileRecord(name=file.name, size=file.size, sha256=file.sha256))
        return tuple(records)

    def finish(self) -> tuple[PendingObject, ...]:
        """See ShardWriter."""
        return tuple(self._pending)


def _append(tar: TarWriter, name: str, file: SourceFile) -> FileRecord:
    offset, digest = tar.add(name, read_exactly(file.path, file.size), file.size)
    _check(file, digest)
    return FileRecord(name=file.name, size=file.size, sha256=digest, offset=offset)


def _check(file: SourceFile, digest: str) -> None:
    if digest != file.sha256:
        raise changed(file.name, f"sha256 {digest[:12]}…, reported as {file.sha256[:12]}…")


def _sorted(files: Sequence[SourceFile]) -> list[SourceFile]:
    return sorted(files, key=lambda file: file.name)
