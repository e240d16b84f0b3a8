"""A generator's file that changes, or does not fit, between its check and its upload."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path
from typing import Any, cast

import pytest

from support.builders import make_plan
from support.memorystore import MemoryStore
from vrdata.contract.reasons import FailureReason, WorkerExit
from vrdata.contract.worker import ShardTask, StoreSettings, WorkerConfig
from vrdata.dataset.formats.base import PendingObject
from vrdata.dataset.formats.registry import format_of
from vrdata.hermetic import Hermetic
from vrdata.model import Model, OutputFormat
from vrdata.store.file.store import FileStore
from vrdata.store.port import ObjectStore, StorageError
from vrdata_worker.child import events
from vrdata_worker.child.blocks import BlockRequest
from vrdata_worker.child.launch import Launch
from vrdata_worker.child.template import GeneratorTemplate
from vrdata_worker.failures import ShardFailedError
from vrdata_worker.generate.generated import GeneratedShard
from vrdata_worker.generate.shard import Limits, ShardGenerator
from vrdata_worker.supervisor import Supervisor

NAME = "O-1_maze"


class OneSample:
    """A template whose block has one sample, with a file that is not what was reported."""

    alive = False
    launch = Launch(NAME, "builtin")
    hermetic = Hermetic(level="kernel", landlock=7)

    def __init__(self, file: events.File, body: bytes) -> None:
        self._file, self._body = file, body
        self._events: list[events.Event] = []

    def submit(self, request: BlockRequest) -> None:
        folder = request.dir / "done"
        folder.mkdir()
        (folder / self._file.name).write_bytes(self._body)
        self._events = [
            events.Exit(request.block, None, 0, None, 0, 0.0),
            events.Sample(request.block, 0, folder, "maze_0", "maze", (self._file,), None, "", ""),
        ]

    def poll(self, _timeout: float) -> events.Event | None:
        return self._events.pop() if self._events else None

    def new_folder(self) -> Path:
        return Path(tempfile.mkdtemp())

    def kill_block(self, block: int) -> None: ...

    def process_of(self, _block: int) -> int:
        return 0

    def begun(self, _block: int) -> int:
        return 0

    def limit_of(self, _block: int) -> str:
        return ""


def generate(
    scratch: Path, template: OneSample, output_format: OutputFormat, allowed: int = 0
) -> GeneratedShard:
    plan = make_plan({NAME: 1}, output_format=output_format)
    shard = plan.generators[0].shard(0)
    writer = format_of(output_format).open_writer(scratch, shard)
    generator = ShardGenerator(
        cast("GeneratorTemplate", template),
        plan.generators[0],
        shard,
        run_seed=42,
        writer=writer,
        limits=Limits(1, 60.0, 0, allowed),
        on_sample=lambda _: None,
    )
    try:
        return generator.generate()
    finally:
        writer.finish()


def reason_and_sample(error: ShardFailedError) -> tuple[FailureReason, int | None]:
    return error.failure.reason, error.failure.sample


@pytest.mark.parametrize("output_format", ["webdataset", "tar", "files", "parquet"])
def test_a_file_that_changed_after_its_check_is_invalid_output_of_its_sample(
    tmp_path: Path, output_format: OutputFormat
) -> None:
    reported = events.File("prompt.txt", 5, hashlib.sha256(b"Look.").hexdigest())
    with pytest.raises(ShardFailedError, match=r"prompt\.txt changed") as caught:
        generate(tmp_path, OneSample(reported, b"Loop."), output_format)
    assert reason_and_sample(caught.value) == (FailureReason.FILE_CHANGED, 0)


@pytest.mark.parametrize("output_format", ["webdataset", "tar", "files", "parquet"])
def test_a_sample_whose_file_changed_after_its_check_is_dropped_within_the_budget(
    tmp_path: Path, output_format: OutputFormat
) -> None:
    reported = events.File("prompt.txt", 5, hashlib.sha256(b"Look.").hexdigest())
    shard = generate(tmp_path, OneSample(reported, b"Loop."), output_format, allowed=1)
    assert [(one.index, one.reason) for one in shard.failed] == [(0, FailureReason.FILE_CHANGED)]
    assert shard.samples == []


def test_a_file_too_large_for_the_format_is_invalid_output_of_its_sample(tmp_path: Path) -> None:
    reported = events.File("prompt.txt", 8**11, hashlib.sha256(b"Look.").hexdigest())
    with pytest.raises(ShardFailedError, match="a file in a tar archive has at most") as caught:
        generate(tmp_path, OneSample(reported, b"Look."), "webdataset")
    assert reason_and_sample(caught.value) == (FailureReason.UNSAFE_FILE, 0)


class BrokenStore(MemoryStore):
    def put_new(self, key: str, body: bytes | Path, *, sha256: str, content_type: str = "") -> bool:
        if isinstance(body, bytes):
            return super().put_new(key, body, sha256=sha256, content_type=content_type)
        raise StorageError("the store is away")


def upload(store: ObjectStore, folder: Path, key: str) -> tuple[WorkerExit, dict[str, Any]]:
    """Commit a shard of one object, whose file `data` in the folder held `packed`."""
    plan = make_plan({NAME: 1})
    config = WorkerConfig(store=StoreSettings(url="x"), prefix="", plan=plan.hash)
    emitted: list[Model] = []
    supervisor = Supervisor(config, plan, store, {}, folder, emitted.append)
    pending = PendingObject(
        key, folder / "data", 6, hashlib.sha256(b"packed").hexdigest(), "application/x-tar"
    )
    task = ShardTask(generator=NAME, shard=0)
    code = supervisor._commit(task, GeneratedShard(), (pending,), folder, 0.0)
    supervisor.close()
    return code, emitted[0].model_dump()


def test_a_packed_file_that_changed_before_its_upload_is_invalid_output(tmp_path: Path) -> None:
    for number, body in enumerate((b"PACKED", b"longer", None)):
        folder = tmp_path / str(number)
        folder.mkdir()
        if body is not None:
            (folder / "data").write_bytes(body)
        code, failure = upload(FileStore(tmp_path / f"out{number}"), folder, "shards/x.tar")
        assert (code, failure["reason"]) == (WorkerExit.INVALID_OUTPUT, "FileChanged")
        assert failure["message"].startswith("data changed")


def test_a_key_that_no_store_accepts_is_invalid_output(tmp_path: Path) -> None:
    folder = tmp_path / "scratch"
    folder.mkdir()
    (folder / "data").write_bytes(b"packed")
    code, failure = upload(FileStore(tmp_path / "out"), folder, "questions/a\nb")
    assert (code, failure["reason"]) == (WorkerExit.INVALID_OUTPUT, "UnsafeFile")


def test_an_unavailable_store_is_named_as_the_cause(tmp_path: Path) -> None:
    (tmp_path / "data").write_bytes(b"packed")
    code, failure = upload(BrokenStore(), tmp_path, "shards/x.tar")
    assert (code, failure["reason"]) == (WorkerExit.STORAGE_UNAVAILABLE, "StorageUnavailable")
    assert failure["message"] == "the store is away"
