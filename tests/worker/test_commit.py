"""The commit protocol on a store in memory: data first, then the marker; existing objects stay."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from pathlib import Path

import pytest

from support.builders import Change, build_run, make_plan
from support.markers import change_marker, data_keys, parse_marker
from support.memorystore import ClaimingStore, ForgetfulStore, MemoryStore
from vrdata.contract.reasons import FailureReason
from vrdata.dataset import layout
from vrdata.dataset.commits import DamagedMarkerError
from vrdata.dataset.formats.base import PendingObject
from vrdata.dataset.manifest import SampleRecord
from vrdata.errors import InvalidInputError, OutputConflictError, VrdataError
from vrdata.model import OutputFormat
from vrdata_worker.commit import commit
from vrdata_worker.draft import MarkerDraft
from vrdata_worker.failures import failure_of

MARKER = layout.commit_key("O-1_maze", 0)


class Made:
    """The first shard of a run: its draft, and its data objects as files."""

    def __init__(
        self,
        folder: Path,
        seed: int = 42,
        samples: int = 5,
        output_format: OutputFormat = "webdataset",
        failed: Collection[int] = (),
        change: Change = lambda _index, _files: None,
    ) -> None:
        store = MemoryStore()
        plan = make_plan({"O-1_maze": samples}, seed=seed, output_format=output_format)
        left_out = [("O-1_maze", index) for index in failed]
        self.manifest = build_run(store, plan, failed=left_out, change=change)[0]
        self.body = store.objects[MARKER]
        folder.mkdir(exist_ok=True)
        self.pending = []
        for number, key in enumerate(data_keys(store, self.manifest)):
            path = folder / str(number)
            path.write_bytes(store.objects[key])
            digest = hashlib.sha256(store.objects[key]).hexdigest()
            self.pending.append(PendingObject(key, path, len(store.objects[key]), digest, ""))

    @property
    def draft(self) -> MarkerDraft:
        return MarkerDraft(self.manifest, tuple(self.body.splitlines()[1:]))

    @property
    def samples(self) -> list[SampleRecord]:
        return samples_in(self.body)

    @property
    def tar(self) -> PendingObject:
        return self.pending[0]


def samples_in(body: bytes) -> list[SampleRecord]:
    _, records = parse_marker(body)
    return [record for record in records if isinstance(record, SampleRecord)]


def test_the_encoded_draft_is_the_marker(tmp_path: Path) -> None:
    made = Made(tmp_path)
    assert made.draft.encode() == made.body
    assert list(made.draft.parsed()) == made.samples


@pytest.mark.parametrize("detect", [False, True])
def test_data_and_marker_are_written_once(tmp_path: Path, detect: bool) -> None:
    made, store = Made(tmp_path), MemoryStore()
    first = commit(store, made.draft, made.pending, detect=detect)
    before = dict(store.objects)
    second = commit(store, made.draft, made.pending, detect=detect)
    assert (first.already, second.already) == (False, True)
    assert (first.samples, first.bytes) == (second.samples, second.bytes) == (4, made.tar.size)
    assert not first.nondeterministic
    assert not second.nondeterministic
    assert store.objects == before
    assert store.objects[MARKER] == made.body


def test_the_marker_comes_after_the_data(tmp_path: Path) -> None:
    class FullStore(MemoryStore):
        def put_new(self, key: str, *args: object, **kwargs: object) -> bool:  # type: ignore[override]
            if key.endswith(".tar"):
                raise VrdataError("the store is full")
            return super().put_new(key, *args, **kwargs)  # type: ignore[arg-type]

    made, store = Made(tmp_path), FullStore()
    with pytest.raises(VrdataError, match="full"):
        commit(store, made.draft, made.pending, detect=False)
    assert store.objects == {}


def test_existing_data_with_equal_bytes_is_used(tmp_path: Path) -> None:
    made, store = Made(tmp_path), MemoryStore()
    store.put_new(made.tar.key, made.tar.path, sha256=made.tar.sha256)
    done = commit(store, made.draft, made.pending, detect=False)
    assert (done.already, done.nondeterministic) == (False, "")


@pytest.mark.parametrize("output_format", ["webdataset", "parquet"])
def test_existing_data_with_other_bytes_stays_and_is_described(
    tmp_path: Path, output_format: OutputFormat
) -> None:
    other = Made(tmp_path / "other", seed=7, output_format=output_format)
    made, store = Made(tmp_path / "made", output_format=output_format), MemoryStore()
    store.put_new(other.tar.key, other.tar.path, sha256=other.tar.sha256)
    done = commit(store, made.draft, made.pending, detect=False)
    assert done.nondeterministic == made.tar.key
    assert store.objects[made.tar.key] == other.tar.path.read_bytes()
    marker, _ = parse_marker(store.objects[MARKER])
    assert marker.archive == other.manifest.archive
    assert [sample.files for sample in samples_in(store.objects[MARKER])] == [
        sample.files for sample in other.samples
    ]


def test_the_record_of_a_different_existing_video_is_empty(tmp_path: Path) -> None:
    other, made, store = Made(tmp_path / "other", seed=7), Made(tmp_path / "made"), MemoryStore()
    store.put_new(other.tar.key, other.tar.path, sha256=other.tar.sha256)
    commit(store, made.draft, made.pending, detect=False)
    kept = [sample.video for sample in samples_in(store.objects[MARKER])]
    assert kept == [
        ours.video if video_bytes(ours) == video_bytes(theirs) else None
        for ours, theirs in zip(made.samples, other.samples, strict=True)
    ]
    assert None in kept


def video_bytes(sample: SampleRecord) -> str:
    return next(file.sha256 for file in sample.files if file.name == "ground_truth.mp4")


@pytest.mark.parametrize("output_format", ["webdataset", "parquet"])
def test_an_existing_marker_of_other_data_stays(
    tmp_path: Path, output_format: OutputFormat
) -> None:
    other = Made(tmp_path / "other", seed=7, output_format=output_format)
    made, store = Made(tmp_path / "made", output_format=output_format), MemoryStore()
    commit(store, other.draft, other.pending, detect=False)
    before = dict(store.objects)
    done = commit(store, made.draft, made.pending, detect=False)
    assert done.already
    assert done.nondeterministic == made.tar.key
    assert store.objects == before


@pytest.mark.parametrize("output_format", ["webdataset", "parquet"])
def test_existing_data_of_another_shard_is_a_conflict_and_no_marker_is_written(
    tmp_path: Path, output_format: OutputFormat
) -> None:
    made, store, other = Made(tmp_path, output_format=output_format), MemoryStore(), MemoryStore()
    second = build_run(other, make_plan({"O-1_maze": 8}, output_format=output_format))[1]
    store.objects[made.tar.key] = other.objects[data_keys(other, second)[0]]
    before = dict(store.objects)
    with pytest.raises(OutputConflictError, match="other samples") as error:
        commit(store, made.draft, made.pending, detect=False)
    assert failure_of(error.value).failure.reason is FailureReason.OUTPUT_CONFLICT
    assert store.objects == before


@pytest.mark.parametrize("output_format", ["webdataset", "parquet"])
def test_data_of_an_attempt_that_ended_before_its_marker_and_dropped_a_sample_is_replaced(
    tmp_path: Path, output_format: OutputFormat
) -> None:
    other = Made(tmp_path / "other", samples=3, output_format=output_format)
    made, store = Made(tmp_path / "made", output_format=output_format), MemoryStore()
    store.put_new(made.tar.key, other.tar.path, sha256=other.tar.sha256)
    done = commit(store, made.draft, made.pending, detect=False)
    assert (done.samples, done.nondeterministic) == (4, "")
    assert store.objects[made.tar.key] == made.tar.path.read_bytes()
    assert store.objects[MARKER] == made.body


@pytest.mark.parametrize("output_format", ["webdataset", "parquet"])
@pytest.mark.parametrize("kind", [MemoryStore, ClaimingStore])
@pytest.mark.parametrize("torn", [True, False], ids=["torn", "flipped"])
def test_damaged_data_without_a_marker_is_replaced(
    tmp_path: Path, output_format: OutputFormat, kind: type[MemoryStore], torn: bool
) -> None:
    made, store = Made(tmp_path, output_format=output_format), kind()
    commit(store, made.draft, made.pending, detect=False)
    del store.objects[MARKER]
    before = dict(store.objects)
    body = store.objects[made.tar.key]
    store.objects[made.tar.key] = body[:700] if torn else b"?" + body[1:]
    done = commit(store, made.draft, made.pending, detect=False)
    assert (done.already, done.nondeterministic) == (False, "")
    assert store.objects == before | {MARKER: made.draft.encode()}


def test_existing_data_is_read_when_the_store_keeps_no_digest(
    tmp_path: Path,
) -> None:
    made, store = Made(tmp_path), ForgetfulStore()
    commit(store, made.draft, made.pending, detect=False)
    del store.objects[MARKER]  # the attempt was killed between data and marker
    again = commit(store, made.draft, made.pending, detect=False)
    assert (again.already, again.nondeterministic) == (False, "")
    assert store.objects[MARKER] == made.draft.encode()


def test_in_format_files_an_equal_shard_is_already_committed(tmp_path: Path) -> None:
    made, store = Made(tmp_path, output_format="files"), MemoryStore()
    commit(store, made.draft, made.pending, detect=False)
    store.requests.clear()
    again = commit(store, made.draft, made.pending, detect=False)
    assert (again.already, again.nondeterministic) == (True, "")
    assert store.requests["get_range"] == 1  # equal digests: no record is compared


def test_in_format_files_the_first_different_file_is_reported(tmp_path: Path) -> None:
    def change(index: int, files: dict[str, bytes]) -> None:
        if index >= 2:
            files["prompt.txt"] = b"Another prompt."

    other = Made(tmp_path / "other", output_format="files", change=change)
    made, store = Made(tmp_path / "made", output_format="files"), MemoryStore()
    store.objects[MARKER] = other.body  # its objects were removed
    before = store.objects[MARKER]
    done = commit(store, made.draft, made.pending, detect=False)
    assert done.already
    assert done.nondeterministic == "questions/O-1_maze/maze_task/maze_00000002/prompt.txt"
    assert store.objects[MARKER] == before


def test_in_format_files_a_marker_that_differs_in_no_file_is_no_difference(tmp_path: Path) -> None:
    made, store = Made(tmp_path, output_format="files"), MemoryStore()
    store.objects[MARKER] = change_marker(
        made.body, lambda _head, records: records[1].update(content="")
    )
    done = commit(store, made.draft, made.pending, detect=False)
    assert (done.already, done.nondeterministic) == (True, "")


def test_failed_samples_stay_in_the_marker_of_existing_data(tmp_path: Path) -> None:
    other = Made(tmp_path / "other", seed=7, failed=[1])
    made, store = Made(tmp_path / "made", failed=[1]), MemoryStore()
    store.put_new(other.tar.key, other.tar.path, sha256=other.tar.sha256)
    done = commit(store, made.draft, made.pending, detect=False)
    assert (done.samples, done.failed, done.nondeterministic) == (3, 1, made.tar.key)
    _, records = parse_marker(store.objects[MARKER])
    assert [(one.index, one.kind) for one in records][1] == (1, "FailedSample")


def test_a_damaged_marker_stays_and_is_an_error(tmp_path: Path) -> None:
    made, store = Made(tmp_path), MemoryStore()
    store.objects[MARKER] = b"{}"
    with pytest.raises(DamagedMarkerError, match="damaged or of another version") as error:
        commit(store, made.draft, made.pending, detect=False)
    assert failure_of(error.value).failure.reason is FailureReason.DAMAGED_MARKER
    assert store.objects[MARKER] == b"{}"


def test_a_first_line_that_is_too_long_is_not_written(tmp_path: Path) -> None:
    made, store = Made(tmp_path), MemoryStore()
    attempt = made.manifest.attempt.model_copy(update={"host": "x" * 2048})
    draft = MarkerDraft(made.manifest.model_copy(update={"attempt": attempt}), made.draft.records)
    with pytest.raises(InvalidInputError, match="is too long"):
        commit(store, draft, made.pending, detect=False)
    assert MARKER not in store.objects
