"""Describe data objects that another attempt wrote first, from their own bytes."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator

from vrdata.dataset.formats.archive import Archive
from vrdata.dataset.manifest import DataObject, FileRecord, ShardManifest
from vrdata.errors import OutputConflictError
from vrdata.store.port import ObjectStore


def winning_files(
    store: ObjectStore, manifest: ShardManifest, data: tuple[DataObject, ...]
) -> dict[int, tuple[FileRecord, ...]]:
    """The files of each sample as they stand in the store, by global sample index.

    Raises:
        OutputConflictError: the standing objects do not hold this manifest's samples.
        StorageError: the store cannot be read.
    """
    found: defaultdict[int, list[FileRecord]] = defaultdict(list)
    if manifest.format == "files":
        for item in data:
            index, name = _locate(item.key, manifest.format)
            found[index].append(FileRecord(name=name, size=item.size, sha256=item.sha256))
    else:
        for index, record in _members(store, manifest, data[0]):
            found[index].append(record)
    wanted = {sample.index for sample in manifest.samples}
    if set(found) != wanted:
        raise OutputConflictError(
            f"{data[0].key} is already there and holds other samples than this shard",
            why=f"{len(found)} samples stand there, {len(wanted)} were made",
            fix="write to another output folder, or remove the run's folder and start again",
        )
    return {
        index: tuple(sorted(files, key=lambda file: file.name)) for index, files in found.items()
    }


def _members(
    store: ObjectStore, manifest: ShardManifest, item: DataObject
) -> Iterator[tuple[int, FileRecord]]:
    for member in Archive(store, item.key, item.size).members():
        index, name = _locate(member.name, manifest.format)
        digest = hashlib.sha256(member.body).hexdigest()
        offset = member.offset if manifest.format == "webdataset" else None
        yield index, FileRecord(name=name, size=len(member.body), sha256=digest, offset=offset)


def _locate(key: str, output_format: str) -> tuple[int, str]:
    """Sample index and file name of a member or object; see vrdata.dataset.layout."""
    folder, _, last = key.rpartition("/")
    if output_format == "webdataset":
        stem, _, name = last.partition(".")
    else:
        stem, name = folder.rpartition("/")[2], last
    return int(stem[-8:]), name
