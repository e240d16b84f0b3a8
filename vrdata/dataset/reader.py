"""Read a run: its plan, commit markers, and the files of its samples."""

from __future__ import annotations

import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing
from typing import IO

from pydantic import ValidationError

from vrdata.dataset import layout
from vrdata.dataset.manifest import SampleRecord, ShardManifest
from vrdata.errors import InvalidInputError, NotFoundError
from vrdata.plan.model import Plan
from vrdata.store.port import ObjectNotFoundError, ObjectStore
from vrdata.store.streaming import read_chunks


def load_plan(store: ObjectStore) -> Plan:
    """The run's plan.

    Raises:
        NotFoundError: no run is stored here.
        InvalidInputError: the plan cannot be read.
    """
    try:
        return Plan.model_validate_json(store.get(layout.PLAN))
    except ObjectNotFoundError:
        raise NotFoundError(
            f"no run in {store.url}",
            why=f"there is no {layout.PLAN}",
            fix="name the folder of a run: {root}/{namespace}/{run}",
        ) from None
    except ValidationError as error:
        raise InvalidInputError(
            f"{store.url}{layout.PLAN} is damaged or of another version", why=_first(error)
        ) from None


def iter_commits(store: ObjectStore) -> Iterator[tuple[str, int]]:
    """(generator, shard) of every commit marker, with one listing; foreign keys are skipped."""
    for info in store.list_after(layout.COMMITS):
        try:
            yield layout.parse_commit_key(info.key)
        except ValueError:
            continue


def load_manifest(store: ObjectStore, generator: str, shard: int) -> ShardManifest:
    """One commit marker.

    Raises:
        ObjectNotFoundError: the shard is not committed.
        InvalidInputError: the marker is damaged.
    """
    key = layout.commit_key(generator, shard)
    try:
        return ShardManifest.model_validate_json(store.get(key))
    except ValidationError as error:
        raise InvalidInputError(
            f"{store.url}{key} is damaged or of another version", why=_first(error)
        ) from None


def iter_manifests(store: ObjectStore, plan: Plan) -> Iterator[ShardManifest]:
    """The markers of all committed shards of a plan, in plan order."""
    names = {planned.name for planned in plan.generators}
    for generator, shard in iter_commits(store):
        if generator in names:
            yield load_manifest(store, generator, shard)


def read_file(
    store: ObjectStore, manifest: ShardManifest, sample: SampleRecord, name: str
) -> bytes:
    """One file of one sample; a range request where the format allows it.

    Raises:
        KeyError: the sample has no such file.
        ObjectNotFoundError, StorageError: as the store.
    """
    record = next((file for file in sample.files if file.name == name), None)
    if record is None:
        raise KeyError(name)
    if manifest.format == "files":
        return store.get(_file_key(manifest, sample, name))
    if record.offset is not None:
        return store.get_range(manifest.data[0].key, record.offset, record.size)
    for other, files in iter_samples(store, manifest):
        if other.index == sample.index:
            return files[name]
    raise KeyError(name)


def iter_samples(
    store: ObjectStore, manifest: ShardManifest
) -> Iterator[tuple[SampleRecord, dict[str, bytes]]]:
    """Every sample with its files, in index order; memory holds one sample.

    A file that the archive does not hold is left out of the mapping.

    Raises:
        ObjectNotFoundError, StorageError: as the store.
        InvalidInputError: an archive is damaged.
    """
    if manifest.format == "files":
        for sample in manifest.samples:
            yield sample, _separate_files(store, manifest, sample)
        return
    with tempfile.TemporaryFile() as local:
        for chunk in read_chunks(store, manifest.data[0].key, manifest.data[0].size):
            local.write(chunk)
        local.seek(0)
        yield from _from_archive(local, manifest)


def _from_archive(
    local: IO[bytes], manifest: ShardManifest
) -> Iterator[tuple[SampleRecord, dict[str, bytes]]]:
    try:
        with closing(tarfile.open(fileobj=local, mode="r:*")) as tar:
            for sample in manifest.samples:
                files = {}
                for record in sample.files:
                    member = tar.next()
                    if member is None:
                        break
                    content = tar.extractfile(member)
                    if content is not None and member.name.endswith(record.name):
                        files[record.name] = content.read()
                yield sample, files
    except (tarfile.TarError, OSError, EOFError) as error:
        raise InvalidInputError(f"{manifest.data[0].key} is damaged", why=str(error)) from None


def _separate_files(
    store: ObjectStore, manifest: ShardManifest, sample: SampleRecord
) -> dict[str, bytes]:
    files = {}
    for record in sample.files:
        try:
            files[record.name] = store.get(_file_key(manifest, sample, record.name))
        except ObjectNotFoundError:
            continue
    return files


def _file_key(manifest: ShardManifest, sample: SampleRecord, name: str) -> str:
    folder = layout.sample_folder(manifest.generator, sample.domain, sample.index)
    return f"questions/{folder}/{name}"


def _first(error: ValidationError) -> str:
    detail = error.errors()[0]
    return f"{'.'.join(map(str, detail['loc'])) or 'the document'}: {detail['msg']}"
