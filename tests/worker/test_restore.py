"""Missing and damaged objects of a committed shard are replaced by equal bytes or not at all."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from support.builders import build_run, make_plan
from support.markers import data_keys
from support.memorystore import MemoryStore
from vrdata.contract.reasons import FailureReason
from vrdata.dataset import layout
from vrdata.dataset.formats.base import PendingObject
from vrdata.model import OutputFormat
from vrdata_worker.draft import MarkerDraft
from vrdata_worker.failures import ShardFailedError
from vrdata_worker.restore import restore

GENERATOR = "O-1_maze"
FORMATS: tuple[OutputFormat, ...] = ("webdataset", "files", "parquet")


def committed(output_format: OutputFormat, seed: int = 42) -> MemoryStore:
    store = MemoryStore()
    build_run(store, make_plan({GENERATOR: 4}, seed=seed, output_format=output_format))
    return store


def generated_again(
    folder: Path, store: MemoryStore, output_format: OutputFormat, seed: int = 42
) -> tuple[MarkerDraft, list[PendingObject]]:
    """The shard that a worker generates with this seed, in local files."""
    other = MemoryStore()
    plan = make_plan({GENERATOR: 4}, seed=seed, output_format=output_format)
    manifest = build_run(other, plan)[0]
    marker = other.objects[layout.commit_key(GENERATOR, 0)]
    pending = []
    for number, key in enumerate(data_keys(other, manifest)):
        path = folder / str(number)
        body = other.objects[key]
        path.write_bytes(body)
        pending.append(PendingObject(key, path, len(body), hashlib.sha256(body).hexdigest(), ""))
    return MarkerDraft(manifest, tuple(marker.splitlines()[1:])), pending


@pytest.mark.parametrize("output_format", FORMATS)
def test_missing_and_truncated_objects_are_written_again(
    tmp_path: Path, output_format: OutputFormat
) -> None:
    store = committed(output_format)
    whole = dict(store.objects)
    draft, pending = generated_again(tmp_path, store, output_format)
    store.objects[pending[0].key] = store.objects[pending[0].key][:100]
    if len(pending) > 1:
        del store.objects[pending[1].key]
    done = restore(store, draft, pending)
    assert store.objects == whole
    assert (done.samples, done.already) == (draft.manifest.samples, True)


@pytest.mark.parametrize("output_format", FORMATS)
def test_intact_objects_are_not_written(tmp_path: Path, output_format: OutputFormat) -> None:
    store = committed(output_format)
    draft, pending = generated_again(tmp_path, store, output_format)
    store.requests.clear()
    restore(store, draft, pending)
    assert not {"put_new", "delete"} & set(store.requests)


@pytest.mark.parametrize("output_format", FORMATS)
def test_other_bytes_than_those_of_the_marker_change_nothing(
    tmp_path: Path, output_format: OutputFormat
) -> None:
    store = committed(output_format)
    draft, pending = generated_again(tmp_path, store, output_format, seed=43)
    store.objects[pending[0].key] = store.objects[pending[0].key][:100]
    before = dict(store.objects)
    with pytest.raises(ShardFailedError, match="not deterministic") as caught:
        restore(store, draft, pending)
    assert caught.value.failure.reason is FailureReason.NOT_DETERMINISTIC
    assert store.objects == before
