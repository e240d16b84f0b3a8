"""Read a run: the files of its samples. Its plan: `dataset.plans`; markers: `dataset.commits`.

Every function takes the run's own store (`{root}/{namespace}/{run}/`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import TypeVar

from pydantic import ValidationError

from vrdata.dataset.commits import iter_records
from vrdata.dataset.formats.registry import format_of
from vrdata.dataset.manifest import SampleRecord, ShardManifest
from vrdata.errors import InvalidInputError
from vrdata.model import Model
from vrdata.store.port import DigestMismatchError, ObjectStore

M = TypeVar("M", bound=Model)


def load_model(store: ObjectStore, key: str, kind: type[M]) -> M:
    """A JSON object as a model. Raises ObjectNotFoundError, InvalidInputError, StorageError."""
    try:
        return kind.model_validate_json(store.get(key))
    except ValidationError as error:
        detail = error.errors()[0]
        place = ".".join(map(str, detail["loc"])) or "the document"
        raise InvalidInputError(
            f"{key} in {store.url} is damaged or of another version of vrdata",
            why=f"{place}: {detail['msg']}",
        ) from None


def iter_samples(
    store: ObjectStore, manifest: ShardManifest
) -> Iterator[tuple[SampleRecord, dict[str, bytes]]]:
    """Every sample of a shard with its files, in index order; memory holds one sample and 9 MiB.

    An archive is read in one pass. Checksums are not compared here: `iter_checked_samples`,
    `read_file` and `vrdata verify` do that.

    Raises:
        NotFoundError: a file, its object or the commit marker is missing.
        InvalidInputError: the commit marker is damaged.
        DamagedArchiveError: an archive cannot be read.
        StorageError: the store cannot be used.
    """
    records = iter_records(store, manifest)
    samples = (record for record in records if isinstance(record, SampleRecord))
    output = format_of(manifest.format)
    yield from output.read_samples(store, manifest.generator, samples, manifest.data)


def iter_checked_samples(
    store: ObjectStore, manifest: ShardManifest
) -> Iterator[tuple[SampleRecord, dict[str, bytes]]]:
    """As `iter_samples`, and each file is compared with its checksum.

    Raises:
        DigestMismatchError: a file's bytes differ from its commit marker.
        Or as `iter_samples`.
    """
    for record, bodies in iter_samples(store, manifest):
        recorded = {file.name: file.sha256 for file in record.files}
        for name, body in bodies.items():
            if hashlib.sha256(body).hexdigest() != recorded.get(name):
                raise damaged(store, f"{record.id}/{name}")
        yield record, bodies


def read_file(
    store: ObjectStore, manifest: ShardManifest, sample: SampleRecord, name: str
) -> bytes:
    """One file of one sample, compared with its checksum.

    One request; in a tar only for the file's own range. In a tar.gz everything before the file
    is read too.

    Raises:
        KeyError: the sample has no such file.
        DigestMismatchError: the file's bytes differ from its commit marker.
        ObjectNotFoundError, StorageError: as the store.
    """
    record = next((file for file in sample.files if file.name == name), None)
    if record is None:
        raise KeyError(name)
    output = format_of(manifest.format)
    body = output.read_file(store, manifest.generator, sample, record, manifest.data)
    if hashlib.sha256(body).hexdigest() != record.sha256:
        raise damaged(store, f"{sample.id}/{name}")
    return body


def damaged(store: ObjectStore, name: str) -> DigestMismatchError:
    """The error for an object, or a file of a sample, with other bytes than were committed."""
    return DigestMismatchError(
        f"{name} in {store.url} differs from its commit marker",
        fix="list everything that is damaged: vrdata verify",
    )
