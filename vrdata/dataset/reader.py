"""Read a run: its plan, commit markers, and the files of its samples.

Every function takes the run's own store (`{root}/{namespace}/{run}/`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import TypeVar

from pydantic import ValidationError

from vrdata.dataset import layout
from vrdata.dataset.formats.registry import format_of
from vrdata.dataset.manifest import SampleRecord, ShardManifest
from vrdata.errors import InvalidInputError, NotFoundError
from vrdata.model import Model
from vrdata.plan.planned import Plan, Shard
from vrdata.store.port import DigestMismatchError, ObjectNotFoundError, ObjectStore

M = TypeVar("M", bound=Model)


def load_plan(store: ObjectStore) -> Plan:
    """The run's plan.

    Raises:
        NotFoundError: no run is stored here.
        InvalidInputError: the plan is damaged or of another version.
        StorageError: the store cannot be used.
    """
    try:
        return load_model(store, layout.PLAN, Plan)
    except ObjectNotFoundError:
        raise NotFoundError(
            f"no run in {store.url}",
            why=f"there is no {layout.PLAN}",
            fix="name the folder of a run: {root}/{namespace}/{run}",
        ) from None


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


def iter_commits(store: ObjectStore) -> Iterator[Shard]:
    """(generator, shard) of every commit marker, with one listing; other keys are skipped."""
    for info in store.list_after(layout.COMMITS):
        try:
            yield layout.parse_commit_key(info.key)
        except ValueError:
            continue


def load_manifest(store: ObjectStore, generator: str, shard: int) -> ShardManifest:
    """One commit marker.

    Raises:
        ObjectNotFoundError: the shard is not committed.
        InvalidInputError: the marker is damaged, or is another shard's.
        StorageError: the store cannot be used.
    """
    key = layout.commit_key(generator, shard)
    manifest = load_model(store, key, ShardManifest)
    if (manifest.generator, manifest.shard) != (generator, shard):
        raise InvalidInputError(
            f"{key} in {store.url} is the commit marker of another shard",
            why=f"it says {manifest.generator} shard {manifest.shard}",
        )
    return manifest


def iter_samples(
    store: ObjectStore, manifest: ShardManifest
) -> Iterator[tuple[SampleRecord, dict[str, bytes]]]:
    """Every sample with its files, in index order; memory holds one sample.

    An archive is read in one pass. The bytes are given as they are; `read_file` and
    `vrdata verify` compare them with their checksums.

    Raises:
        NotFoundError: a file or its object is missing.
        DamagedArchiveError: an archive cannot be read.
        StorageError: the store cannot be used.
    """
    output = format_of(manifest.format)
    yield from output.read_samples(store, manifest.generator, manifest.samples, manifest.data)


def read_file(
    store: ObjectStore, manifest: ShardManifest, sample: SampleRecord, name: str
) -> bytes:
    """One file of one sample, compared with its checksum.

    One request, of a range where the file lies in a tar. In a tar.gz everything before the file
    is read too.

    Raises:
        KeyError: the sample has no such file.
        DigestMismatchError: the file has other bytes than its commit marker says.
        ObjectNotFoundError, StorageError: as the store.
    """
    record = next((file for file in sample.files if file.name == name), None)
    if record is None:
        raise KeyError(name)
    output = format_of(manifest.format)
    body = output.read_file(store, manifest.generator, sample, record, manifest.data)
    if hashlib.sha256(body).hexdigest() != record.sha256:
        raise DigestMismatchError(
            f"{sample.id}/{name} in {store.url} has other bytes than its commit marker says",
            fix="see what else is damaged: vrdata verify",
        )
    return body
