"""The commit protocol: data first, then the commit marker, both create-only.

The winner stands: an object that is already there is never overwritten. Equal bytes mean
somebody (often this worker, before a retry) has done the work; other bytes are nondeterminism,
which is reported, and the marker then describes the winner's bytes.
Source of the protocol: docs/formats.md, "Commit".
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from vrdata.dataset import layout
from vrdata.dataset.formats.base import PendingObject
from vrdata.dataset.formats.registry import format_of
from vrdata.dataset.formats.untrusted import changed, read_exactly
from vrdata.dataset.manifest import DataObject, FileRecord, SampleRecord, ShardManifest
from vrdata.store.port import ObjectStore, StorageError
from vrdata.store.streaming import sha256_object
from vrdata_worker.draft import ManifestDraft, draft_of


@dataclass(frozen=True, slots=True)
class Committed:
    """How a commit ended.

    Attributes:
        samples: samples of the marker that stands in the store.
        failed: samples that it leaves out.
        bytes: size of its data objects.
        already: the marker was there before this call.
        nondeterministic: key of an object whose bytes differ from the ones offered, or "".
    """

    samples: int
    failed: int
    bytes: int
    already: bool = False
    nondeterministic: str = ""


def commit(
    store: ObjectStore, draft: ManifestDraft, pending: Sequence[PendingObject], *, detect: bool
) -> Committed:
    """Write a shard's data objects and then its marker.

    Args:
        store: the run's store.
        draft: describes `pending`.
        pending: the data objects, as local files.
        detect: look before each write, for a store that ignores create-only writes.

    Raises:
        StorageError, StoreAccessError: the store cannot be used; no marker was written.
        FileChangedError: a local file has other bytes than `pending` says; neither.
        InvalidInputError: a key cannot be an object's; neither.
    """
    data: list[DataObject] = []
    foreign = ""
    for item in pending:
        winner = _put(store, item, detect=detect)
        if winner.sha256 != item.sha256:
            foreign = foreign or item.key
        data.append(winner)
    if foreign:
        draft = draft_of(_describe_winner(store, draft.parsed(), tuple(data)))
    return _mark(store, draft, foreign, detect=detect)


def _put(store: ObjectStore, item: PendingObject, *, detect: bool) -> DataObject:
    taken = detect and store.head(item.key) is not None
    if not taken and _put_new(store, item):
        return DataObject(key=item.key, size=item.size, sha256=item.sha256)
    info = store.head(item.key)
    if info is None:  # deleted between the two requests: treat as ours to write again
        _put_new(store, item)
        return DataObject(key=item.key, size=item.size, sha256=item.sha256)
    digest = info.sha256 or sha256_object(store, item.key, info.size)
    return DataObject(key=item.key, size=info.size, sha256=digest)


def _put_new(store: ObjectStore, item: PendingObject) -> bool:
    try:
        return store.put_new(
            item.key, item.path, sha256=item.sha256, content_type=item.content_type
        )
    except StorageError:
        _require_unchanged(item)
        raise


def _require_unchanged(item: PendingObject) -> None:
    """Tell a store that fails from a process of the generator that still writes its files."""
    digest = hashlib.sha256()
    for chunk in read_exactly(item.path, item.size):
        digest.update(chunk)
    if digest.hexdigest() != item.sha256:
        raise changed(item.path.name, f"it is not what was packed for {item.key}")


def _describe_winner(
    store: ObjectStore, manifest: ShardManifest, data: tuple[DataObject, ...]
) -> ShardManifest:
    indexes = [sample.index for sample in manifest.samples]
    files = format_of(manifest.format).stored_samples(store, data, indexes)
    samples = tuple(_with_files(sample, files[sample.index]) for sample in manifest.samples)
    return manifest.model_copy(update={"data": data, "samples": samples})


def _with_files(sample: SampleRecord, files: tuple[FileRecord, ...]) -> SampleRecord:
    # Content and parameters of the winner are not known without decoding it, nor is another video.
    ours = {file.name: file.sha256 for file in sample.files}
    equal = {file.name for file in files if ours.get(file.name) == file.sha256}
    video = sample.video if sample.video and sample.video.name in equal else None
    return sample.model_copy(
        update={"files": files, "video": video, "content": "", "param_hash": ""}
    )


def _mark(store: ObjectStore, draft: ManifestDraft, foreign: str, *, detect: bool) -> Committed:
    header = draft.header
    key = layout.commit_key(header.generator, header.shard)
    body = draft.to_json()
    digest = hashlib.sha256(body).hexdigest()
    taken = detect and store.head(key) is not None
    if not taken and store.put_new(key, body, sha256=digest, content_type="application/json"):
        return Committed(
            len(draft.samples), len(header.failed), header.bytes, nondeterministic=foreign
        )
    standing = ShardManifest.model_validate_json(store.get(key))
    differs = next((ours.key for ours in draft.data if ours not in standing.data), foreign)
    return Committed(
        len(standing.samples),
        len(standing.failed),
        standing.bytes,
        already=True,
        nondeterministic=differs,
    )
