"""Reading a run: samples, single files, damaged archives."""

import json

import pytest

from support.builders import build_run, make_plan, put_object, sample_files
from support.markers import data_keys, marker_bytes, samples_of
from support.memorystore import MemoryStore
from vrdata.dataset import layout
from vrdata.dataset.commits import read_head
from vrdata.dataset.formats.archive import DamagedArchiveError
from vrdata.dataset.formats.archived import ArchiveFormat
from vrdata.dataset.formats.registry import format_of
from vrdata.dataset.plans import load_plan
from vrdata.dataset.reader import iter_samples, read_file
from vrdata.errors import InvalidInputError, NotFoundError
from vrdata.plan.planned import Plan
from vrdata.store.port import DigestMismatchError, ObjectNotFoundError


def test_the_stored_plan_is_read_back(finished: MemoryStore, plan: Plan) -> None:
    assert load_plan(finished) == plan


def test_without_a_plan_there_is_no_run() -> None:
    with pytest.raises(NotFoundError, match=r"(?s)no run in memory.*data/\.vrdata/NAME"):
        load_plan(MemoryStore())


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"kind": "Plan"}', b"\xff", b""])
def test_a_damaged_plan_is_an_error_that_names_it(body: bytes) -> None:
    store = MemoryStore()
    put_object(store, layout.PLAN, body)
    with pytest.raises(InvalidInputError, match=r"plan\.json in memory://run/ is damaged"):
        load_plan(store)


def test_a_plan_of_another_version_is_an_error(finished: MemoryStore) -> None:
    document = json.loads(finished.objects[layout.PLAN]) | {"apiVersion": "vrdata.dev/v9"}
    finished.objects[layout.PLAN] = json.dumps(document).encode()
    with pytest.raises(InvalidInputError, match="another version") as error:
        load_plan(finished)
    assert "apiVersion" in error.value.why


def test_samples_are_read_in_index_order_with_all_their_files(
    finished: MemoryStore, plan: Plan
) -> None:
    manifest = read_head(finished, "O-1_maze", 0)
    read = list(iter_samples(finished, manifest))
    assert [sample.index for sample, _ in read] == [0, 1, 2, 3]
    for sample, files in read:
        assert files == sample_files(plan, "O-1_maze", sample.index)


def test_one_file_is_read_with_one_request_or_of_a_table_three(
    finished: MemoryStore, plan: Plan
) -> None:
    manifest = read_head(finished, "O-1_maze", 1)
    expected = sample_files(plan, "O-1_maze", 4)
    (sample,) = samples_of(finished, manifest)
    finished.requests.clear()
    body = read_file(finished, manifest, sample, "prompt.txt")
    assert body == expected["prompt.txt"]
    parts = 3 if plan.output.format == "parquet" else 1  # footer, indexes, column
    assert finished.requests.total() == parts


def test_a_file_that_the_sample_does_not_have_is_a_key_error(finished: MemoryStore) -> None:
    manifest = read_head(finished, "O-1_maze", 0)
    with pytest.raises(KeyError):
        read_file(finished, manifest, samples_of(finished, manifest)[0], "rubric.txt")


def test_a_single_file_with_other_bytes_is_refused(finished: MemoryStore) -> None:
    manifest = read_head(finished, "O-1_maze", 0)
    sample = samples_of(finished, manifest)[0]
    record = next(file for file in sample.files if file.name == "prompt.txt")
    changed = sample.model_copy(update={"files": (record.model_copy(update={"sha256": "0" * 64}),)})
    with pytest.raises(DigestMismatchError, match=r"maze_00000000/prompt\.txt"):
        read_file(finished, manifest, changed, "prompt.txt")


def test_a_missing_object_is_an_error(finished: MemoryStore) -> None:
    manifest = read_head(finished, "O-1_maze", 0)
    finished.delete(data_keys(finished, manifest)[0])
    with pytest.raises(ObjectNotFoundError):
        list(iter_samples(finished, manifest))


@pytest.mark.parametrize("output_format", ["webdataset", "tar", "parquet"])
@pytest.mark.parametrize("damage", [b"", b"no archive" * 200, b"\x1f\x8b\x08\x00", b"\0" * 700])
def test_a_damaged_archive_is_an_error_that_names_it(output_format: str, damage: bytes) -> None:
    store = MemoryStore()
    plan = make_plan(output_format=output_format)  # type: ignore[arg-type]
    manifest = build_run(store, plan)[0]
    item = manifest.archive
    assert item is not None
    store.objects[item.key] = damage
    cut = manifest.model_copy(update={"archive": item.model_copy(update={"size": len(damage)})})
    key = layout.commit_key(manifest.generator, manifest.shard)
    store.objects[key] = marker_bytes(cut, samples_of(store, manifest))
    with pytest.raises(DamagedArchiveError) as error:
        list(iter_samples(store, cut))
    assert item.key in error.value.what


@pytest.mark.parametrize("output_format", ["webdataset", "tar", "parquet"])
def test_an_archive_that_is_read_in_part_is_hashed_as_a_whole(output_format: str) -> None:
    store = MemoryStore()
    manifest = build_run(store, make_plan(output_format=output_format))[0]  # type: ignore[arg-type]
    item = manifest.archive
    assert item is not None
    output = format_of(manifest.format)
    assert isinstance(output, ArchiveFormat)
    archive = output.open_archive(store, item.key, item.size)
    next(archive.members())
    assert archive.sha256() == item.sha256
