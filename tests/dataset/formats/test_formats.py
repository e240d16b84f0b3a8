"""The formats' classes: keys, paths and stored files agree with what the writers write."""

import io
import tarfile

import pytest

from support.builders import build_run, make_plan, put_object, sample_files
from support.markers import samples_of
from support.memorystore import MemoryStore
from vrdata.dataset import layout
from vrdata.dataset.commits import read_head
from vrdata.dataset.formats.base import Format
from vrdata.dataset.formats.registry import FORMATS
from vrdata.dataset.manifest import DataObject, SampleRecord, ShardManifest
from vrdata.errors import OutputConflictError

NAME = "O-1_maze"


@pytest.fixture(params=FORMATS, ids=lambda each: str(each.name))
def output(request: pytest.FixtureRequest) -> Format:
    found: Format = request.param
    return found


@pytest.fixture
def store(output: Format) -> MemoryStore:
    plan = make_plan({NAME: 6}, output_format=output.name)
    store = MemoryStore()
    build_run(store, plan)
    return store


@pytest.fixture
def manifest(store: MemoryStore) -> ShardManifest:
    return read_head(store, NAME, 1)


@pytest.fixture
def samples(store: MemoryStore, manifest: ShardManifest) -> list[SampleRecord]:
    return samples_of(store, manifest)


@pytest.fixture
def data(
    output: Format, manifest: ShardManifest, samples: list[SampleRecord]
) -> tuple[DataObject, ...]:
    """The shard's data objects."""
    return manifest.data or tuple(
        DataObject(key=output.path(NAME, sample, file.name), size=file.size, sha256=file.sha256)
        for sample in samples
        for file in sample.files
    )


def test_keys_are_those_of_the_stored_objects(
    output: Format,
    store: MemoryStore,
    manifest: ShardManifest,
    samples: list[SampleRecord],
    data: tuple[DataObject, ...],
) -> None:
    keys = list(output.keys(manifest, samples))
    assert keys == [item.key for item in data]
    assert set(keys) <= set(store.objects)


def test_a_path_is_located_as_its_sample_and_file(
    output: Format, samples: list[SampleRecord]
) -> None:
    for sample in samples:
        for file in sample.files:
            path = output.path(NAME, sample, file.name)
            assert output.locate(path) == (sample.index, file.name)


def test_an_index_of_more_than_eight_digits_is_located(
    output: Format, samples: list[SampleRecord]
) -> None:
    sample = samples[0].model_copy(update={"index": 123_456_789_012})
    path = output.path(NAME, sample, "prompt.txt")
    assert output.locate(path) == (123_456_789_012, "prompt.txt")


@pytest.mark.parametrize("path", ["", "README", "a/b.txt", "a-123.txt", "a/b_123/c.txt"])
def test_a_path_that_is_not_a_samples_is_refused(output: Format, path: str) -> None:
    with pytest.raises(ValueError, match=r"^"):
        output.locate(path)


def test_a_sample_is_in_its_container(
    output: Format, manifest: ShardManifest, samples: list[SampleRecord]
) -> None:
    for sample in samples:
        container = output.container(manifest, sample)
        if output.is_archive:
            assert [container] == [item.key for item in manifest.data]
        else:
            assert container.endswith("/")
            assert output.path(NAME, sample, "x.png") == f"{container}x.png"


def test_stored_samples_have_the_records_of_the_marker(
    output: Format,
    store: MemoryStore,
    manifest: ShardManifest,
    samples: list[SampleRecord],
    data: tuple[DataObject, ...],
) -> None:
    indexes = [sample.index for sample in samples]
    stored = output.stored_samples(store, data, indexes)
    assert stored == {sample.index: sample.files for sample in samples}


def test_stored_objects_with_other_samples_are_a_conflict(
    output: Format,
    store: MemoryStore,
    manifest: ShardManifest,
    samples: list[SampleRecord],
    data: tuple[DataObject, ...],
) -> None:
    with pytest.raises(OutputConflictError, match="has other samples") as error:
        output.stored_samples(store, data, [0])
    assert error.value.fix


def test_a_stored_archive_with_other_files_is_a_conflict() -> None:

    body = io.BytesIO()
    with tarfile.open(fileobj=body, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("README"))
    store = MemoryStore()
    key = layout.shard_tar_key(NAME, 1)
    put_object(store, key, body.getvalue())
    item = DataObject(key=key, size=len(body.getvalue()), sha256="0" * 64)
    with pytest.raises(OutputConflictError, match="has other samples") as error:
        FORMATS[0].stored_samples(store, (item,), [4])
    assert "README is not a file of a sample" in error.value.why


def test_samples_and_single_files_are_read_with_their_bytes(
    output: Format,
    store: MemoryStore,
    manifest: ShardManifest,
    samples: list[SampleRecord],
    data: tuple[DataObject, ...],
) -> None:
    plan = make_plan({NAME: 6}, output_format=output.name)
    for sample, files in output.read_samples(store, NAME, samples, data):
        assert files == sample_files(plan, NAME, sample.index)
        record = next(file for file in sample.files if file.name == "prompt.txt")
        body = output.read_file(store, NAME, sample, record, data)
        assert body == files["prompt.txt"]


@pytest.mark.parametrize(
    "key",
    [
        "questions/O-1/maze_task/maze_0000001/x",
        "questions/O-1/maze_task/other_00000001/x",
        "questions/O-1/maze_task/maze_00000001/a/x",
        "questions/O-1/maze_task/maze_00000001",
        "O-1/maze_task/maze_00000001/x",
    ],
)
def test_a_key_that_is_not_a_samples_file_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match=r"^"):
        layout.parse_file_key(key)


def test_a_file_key_is_parsed() -> None:
    key = "questions/O-1/maze_task/maze_00000001/x"
    assert layout.parse_file_key(key) == ("O-1", 1)
