"""The commit protocol: data first, then the commit marker, both create-only.

An existing object is never overwritten, unless it is damaged and no marker describes it. Equal
bytes mean that another attempt (often this worker before a retry) has done the work. Different
bytes are nondeterminism, which is reported; the marker then describes the existing bytes. Source of
the protocol: docs/formats.md, "Commit".
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from vrdata.bounded.parallel import in_order
from vrdata.contract.groups import FailureGroup
from vrdata.dataset import layout
from vrdata.dataset.checks.dropped import dropped_groups
from vrdata.dataset.codec import describe_records
from vrdata.dataset.commits import iter_records, read_head
from vrdata.dataset.formats.archive import DamagedArchiveError
from vrdata.dataset.formats.base import PendingObject
from vrdata.dataset.formats.registry import format_of
from vrdata.dataset.formats.untrusted import changed, read_exactly
from vrdata.dataset.manifest import (
    DataObject,
    FileRecord,
    Record,
    SampleRecord,
    ShardManifest,
)
from vrdata.store.port import NewObject, ObjectStore, StorageError, put_together
from vrdata.store.streaming import sha256_object
from vrdata_worker.draft import MarkerDraft, describe_data

CONNECTIONS = 4
"""Data objects of one shard that are written at the same time: the files of format `files`."""

TOGETHER = 64
"""Those of one request, if the store has such requests; so many files are open meanwhile."""


@dataclass(frozen=True, slots=True)
class Committed:
    """How a commit ended.

    Attributes:
        samples: number of samples in the stored marker.
        failed: number of samples that failed, from the stored marker.
        bytes: size of its data objects.
        dropped: the failed samples by reason.
        already: the marker existed before this call.
        nondeterministic: key of an existing object whose bytes differ from the new ones, or "".
    """

    samples: int
    failed: int
    bytes: int
    dropped: tuple[FailureGroup, ...] = ()
    already: bool = False
    nondeterministic: str = ""


def commit(
    store: ObjectStore, draft: MarkerDraft, pending: Sequence[PendingObject], *, detect: bool
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
        InvalidInputError: a key cannot be an object's, or the marker's first line is too long;
            neither.
        DamagedMarkerError: the shard has a marker that cannot be used; it stays.
    """
    put = _put_all(store, pending, detect=detect)
    data = [one for one, _ in put]
    manifest = draft.manifest
    key = layout.commit_key(manifest.generator, manifest.shard)
    if not all(created for _, created in put) and store.head(key) is None:
        data = [
            one if created else _sound(store, item, one, draft)
            for item, (one, created) in zip(pending, put, strict=True)
        ]
    pairs = zip(pending, data, strict=True)
    different = next((item.key for item, one in pairs if one.sha256 != item.sha256), "")
    if different:
        draft = _describe_existing(store, draft, tuple(data))
    return _mark(store, draft, different, detect=detect)


def _put_all(
    store: ObjectStore, pending: Sequence[PendingObject], *, detect: bool
) -> list[tuple[DataObject, bool]]:
    if len(pending) == 1:  # in this thread, so that a signal ends it
        return [_put(store, pending[0], detect=detect)]
    done: list[tuple[DataObject, bool]] = []
    for start in range(0, 0 if detect else len(pending), TOGETHER):
        some = pending[start : start + TOGETHER]
        created = _put_together(store, some)
        if created is None:
            break
        pairs = zip(some, created, strict=True)
        done += [(item.data_object(), True) if new else _taken(store, item) for item, new in pairs]
    rest = pending[len(done) :]
    return [*done, *in_order(rest, partial(_put, store, detect=detect), CONNECTIONS)]


def _put_together(store: ObjectStore, pending: Sequence[PendingObject]) -> list[bool] | None:
    objects = [NewObject(one.key, one.path, one.sha256, one.content_type) for one in pending]
    try:
        return put_together(store, objects)
    except StorageError:
        for item in pending:
            _require_unchanged(item)
        raise


def _put(store: ObjectStore, item: PendingObject, *, detect: bool) -> tuple[DataObject, bool]:
    """Write an object if its key is free; the stored one, and whether this call wrote it."""
    taken = detect and store.head(item.key) is not None
    if not taken and put_new(store, item):
        return item.data_object(), True
    return _taken(store, item)


def _taken(store: ObjectStore, item: PendingObject) -> tuple[DataObject, bool]:
    """The object whose key was taken, and whether this call wrote it."""
    info = store.head(item.key)
    if info is None:  # deleted between the two requests: write it again
        put_new(store, item)
        return item.data_object(), True
    digest = info.sha256 or sha256_object(store, item.key, info.size)
    return DataObject(key=item.key, size=info.size, sha256=digest), False


def _sound(
    store: ObjectStore, item: PendingObject, existing: DataObject, draft: MarkerDraft
) -> DataObject:
    """An existing object that no marker describes; ours instead if that one cannot be kept.

    It cannot if it was torn or changed, or if its attempt ended before it could say in a marker
    why it dropped other samples of the shard.
    """
    digest = sha256_object(store, existing.key, existing.size)
    if (digest, existing.size) == (item.sha256, item.size):
        return item.data_object()
    try:
        kept = digest == existing.sha256 and not _drops_others(store, existing, draft)
    except DamagedArchiveError:
        kept = False
    except ValueError:  # its files are not samples, which is an error of its own
        kept = True
    if kept:
        return existing
    store.delete(existing.key)
    put_new(store, item)
    return item.data_object()


def _drops_others(store: ObjectStore, existing: DataObject, draft: MarkerDraft) -> bool:
    """Whether an archive has samples of this shard only, but not those of the draft."""
    stored = format_of(draft.manifest.format).stored_files(store, (existing,))
    found = {index for index, _ in stored}
    if draft.manifest.archive is None:
        return False
    records = list(draft.parsed())
    samples = {record.index for record in records if isinstance(record, SampleRecord)}
    return found != samples and found <= {record.index for record in records}


def put_new(store: ObjectStore, item: PendingObject) -> bool:
    """Write a data object, create-only; False when its key is taken. Raises as `commit`."""
    try:
        return store.put_new(
            item.key, item.path, sha256=item.sha256, content_type=item.content_type
        )
    except StorageError:
        _require_unchanged(item)
        raise


def _require_unchanged(item: PendingObject) -> None:
    """Tell a failing store from a generator process that still writes to its files."""
    digest = hashlib.sha256()
    for chunk in read_exactly(item.path, item.size):
        digest.update(chunk)
    if digest.hexdigest() != item.sha256:
        raise changed(item.path.name, f"its bytes are not those that were packed for {item.key}")


def _describe_existing(
    store: ObjectStore, draft: MarkerDraft, data: tuple[DataObject, ...]
) -> MarkerDraft:
    """The draft of a marker that describes the existing data objects."""
    output_format = draft.manifest.format
    wanted = {record.index for record in draft.parsed() if isinstance(record, SampleRecord)}
    files = format_of(output_format).stored_samples(store, data, wanted)
    records = tuple(
        _with_files(record, files[record.index]).to_json()
        if isinstance(record, SampleRecord)
        else record.to_json()
        for record in draft.parsed()
    )
    archive, objects = describe_data(output_format, data)
    described = {"archive": archive, "files": objects, "records": describe_records(records)}
    return MarkerDraft(draft.manifest.model_copy(update=described), records)


def _with_files(sample: SampleRecord, files: tuple[FileRecord, ...]) -> SampleRecord:
    # Content and parameters of existing files are not known without decoding them, nor is the
    # video when it differs.
    ours = {file.name: file.sha256 for file in sample.files}
    equal = {file.name for file in files if ours.get(file.name) == file.sha256}
    video = sample.video if sample.video and sample.video.name in equal else None
    return sample.model_copy(
        update={"files": files, "video": video, "content": "", "param_hash": ""}
    )


def _mark(store: ObjectStore, draft: MarkerDraft, different: str, *, detect: bool) -> Committed:
    manifest = draft.manifest
    key = layout.commit_key(manifest.generator, manifest.shard)
    body = draft.encode()
    digest = hashlib.sha256(body).hexdigest()
    taken = detect and store.head(key) is not None
    created = not taken and store.put_new(key, body, sha256=digest, content_type="application/json")
    if not created:
        manifest = read_head(store, manifest.generator, manifest.shard)
        different = different_object(store, draft, manifest) or different
    return Committed(
        manifest.samples,
        manifest.failed_samples,
        manifest.bytes,
        tuple(dropped_groups(manifest)),
        already=not created,
        nondeterministic=different,
    )


def different_object(store: ObjectStore, draft: MarkerDraft, existing: ShardManifest) -> str:
    """Key of a data object of the draft that the existing marker does not have, or ""."""
    if draft.manifest.archive is not None:
        return "" if draft.manifest.archive == existing.archive else draft.manifest.archive.key
    if draft.manifest.records == existing.records:
        return ""
    stored = iter_records(store, existing)
    other = next(stored, None)
    for record in draft.parsed():
        while other is not None and other.index < record.index:
            other = next(stored, None)
        if isinstance(record, SampleRecord):
            known = _objects(existing, other)
            ours = _objects(draft.manifest, record)
            if missing := next((key for key in ours if known.get(key) != ours[key]), ""):
                return missing
    return ""


def _objects(manifest: ShardManifest, record: Record | None) -> dict[str, FileRecord]:
    if not isinstance(record, SampleRecord):
        return {}
    path = format_of(manifest.format).path
    return {path(manifest.generator, record, file.name): file for file in record.files}
