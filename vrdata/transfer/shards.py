"""The shards of a run as Parquet files: the stored ones, or converted from another format."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from vrdata.dataset.formats.base import PendingObject, SourceFile
from vrdata.dataset.formats.registry import format_of
from vrdata.dataset.manifest import DataObject, ShardManifest
from vrdata.dataset.reader import damaged, iter_checked_samples
from vrdata.store.port import ObjectStore
from vrdata.store.streaming import read_chunks

_PARQUET = format_of("parquet")


@dataclass(frozen=True, slots=True)
class ShardFile:
    """The Parquet file of a shard.

    Attributes:
        key: its path in the dataset.
        size: its bytes, or those of the shard in another format.
        digest: `sha256:…`; "" while it is not converted.
        manifest: of the shard.
    """

    key: str
    size: int
    digest: str
    manifest: ShardManifest


def shard_file(manifest: ShardManifest) -> ShardFile:
    """The Parquet file of a committed shard."""
    if manifest.format == "parquet":
        (stored,) = manifest.data
        return ShardFile(stored.key, stored.size, f"sha256:{stored.sha256}", manifest)
    (key,) = _PARQUET.keys(manifest, ())
    return ShardFile(key, manifest.bytes, "", manifest)


def fetch(run: ObjectStore, shard: ShardFile, folder: Path) -> PendingObject:
    """The file on this machine; equal samples give an equal file with one version of pyarrow.

    Args:
        run: the run's own store.
        shard: which one.
        folder: an empty folder.

    Raises:
        DigestMismatchError: stored bytes differ from the commit marker.
        NotFoundError, StorageError: the store lacks an object, or cannot be used.
    """
    if shard.digest:
        return _copied(run, shard.manifest.data[0], folder / "data.parquet")
    writer = _PARQUET.open_writer(folder, shard.manifest)
    for record, bodies in iter_checked_samples(run, shard.manifest):
        digests = {file.name: file.sha256 for file in record.files}
        files = []
        for number, (name, body) in enumerate(bodies.items()):
            path = folder / f"{number}.part"
            path.write_bytes(body)
            files.append(SourceFile(name, path, len(body), digests[name]))
        writer.add(record.index, record.domain, files)
    (done,) = writer.finish()
    return done


def _copied(run: ObjectStore, stored: DataObject, path: Path) -> PendingObject:
    digest = hashlib.sha256()
    with path.open("wb") as file:
        for chunk in read_chunks(run, stored.key, stored.size):
            digest.update(chunk)
            file.write(chunk)
    if digest.hexdigest() != stored.sha256:
        raise damaged(run, stored.key)
    return PendingObject(stored.key, path, stored.size, stored.sha256, "")
