"""A worker converts items of a source; its child gets staged files, and nothing else."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from support.memorystore import MemoryStore
from support.sources.fake import (
    NAME,
    FakeSource,
    files_as_items,
    planned,
    store_list,
)
from support.sources.reaching import CONVERTER
from vrdata.contract.messages import ShardCommitted
from vrdata.contract.reasons import WorkerExit
from vrdata.contract.records import FailureRecord
from vrdata.contract.worker import ShardTask, StoreSettings, WorkerConfig
from vrdata.dataset import layout
from vrdata.hermetic import Hermetic
from vrdata.model import Model
from vrdata.plan.catalogue import CatalogueEntry
from vrdata.plan.planned import Plan, PlannedOutput
from vrdata.sources.port import SourceUnavailableError
from vrdata.store import patient
from vrdata_worker.child.launch import Launch
from vrdata_worker.child.warm import WarmTemplate
from vrdata_worker.image.catalogues import Located
from vrdata_worker.staging import ahead
from vrdata_worker.supervisor import Supervisor

SECRETS = {
    "HF_TOKEN": "hf_secret",
    "HF_ENDPOINT": "https://hub.example",
    "AWS_ACCESS_KEY_ID": "secret-id",
    "AWS_SECRET_ACCESS_KEY": "secret-key",
}


def png(number: int) -> bytes:
    body = io.BytesIO()
    Image.new("RGB", (8, 8), (number, 0, 0)).save(body, "PNG")
    return body.getvalue()


ROWS = """
import pyarrow as pa
from vrdata_generators.api import Converter

class Probe(Converter):
    name, domain = "M-probe", "probe"
    schema = pa.schema([pa.field("size", pa.int64(), nullable=False), ("kind", pa.string())])

    def convert(self, item, options):
        path = next(iter(item.files.values()))
        if path.name not in options["good"]:
            raise ValueError("it is bad")
        yield {"size": path.stat().st_size, "kind": path.suffix}
"""


@dataclass
class Bench:
    """A worker with one converter and a source in memory."""

    folder: Path
    code: str = CONVERTER
    rows: bool = False
    source: FakeSource = field(default_factory=lambda: FakeSource({}))
    store: MemoryStore = field(default_factory=MemoryStore)
    emitted: list[Model] = field(default_factory=list)
    spoil: Callable[[], object] = int

    def __post_init__(self) -> None:
        self.source.files |= {f"{number:02d}.png": png(number) for number in range(7)}
        (self.folder / "scratch").mkdir()
        (self.folder / "probe").mkdir()
        (self.folder / "probe/converter.py").write_text(self.code)

    def supervisor(self, *args: str, **limits: Any) -> Supervisor:
        """The worker, whose only task is the shard of all items."""
        pinned = store_list(self.store, files_as_items(self.source.files))
        generator = planned(pinned, block_size=3).model_copy(update={"args": args})
        entry = CatalogueEntry(
            name="M-probe",
            generator_class="M",
            kind="converter",
            digest=generator.digest,
            path="probe",
            rows=self.rows,
        )
        plan = Plan(
            namespace="default",
            run="demo",
            seed=1,
            output=PlannedOutput(format="parquet" if self.rows else "files", video="h264"),
            generators=(generator,),
        )
        config = WorkerConfig(
            store=StoreSettings(url="x"), prefix="", plan=plan.hash, **({"children": 2} | limits)
        )
        return Supervisor(
            config,
            plan,
            self.store,
            {NAME: Located(entry, self.folder)},
            self.folder / "scratch",
            self.emitted.append,
        )

    def run(self, *args: str, dropped: int = 0, **limits: Any) -> WorkerExit:
        """Convert all items."""
        supervisor = self.supervisor(*args, **limits)
        try:
            return supervisor.run(
                [ShardTask(generator=NAME, shard=0, allow_failed_samples=dropped)]
            )
        finally:
            supervisor.close()

    def sample(self, index: int, name: str) -> bytes:
        """A file of a sample."""
        folder = layout.sample_folder(NAME, "probe", index)
        return self.store.objects[f"{layout.QUESTIONS}{folder}/{name}"]

    def facts(self, index: int) -> dict[str, str]:
        """What the converter found."""
        metadata = json.loads(self.sample(index, "metadata.json"))
        found: dict[str, str] = json.loads(metadata["generator_metadata"])["parameters"]
        return found

    def failure(self) -> FailureRecord:
        """The only failure."""
        (found,) = [one for one in self.emitted if isinstance(one, FailureRecord)]
        return found


@contextmanager
def opened(folder: Path, *code: str, rows: bool = False) -> Iterator[Bench]:
    made = Bench(folder, *code, rows=rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ahead, "open_planned", made.source.open)
        for name, value in SECRETS.items():
            patch.setenv(name, value)
        yield made
    assert list((folder / "scratch").glob("i*")) == [], "staged items are left"


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with opened(tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """All items are converted; one of them is bad."""
    with opened(tmp_path_factory.mktemp("done")) as made:
        assert made.run("bad=04.png", dropped=1) == WorkerExit.COMMITTED
        return made


def test_each_item_becomes_the_sample_of_its_index(done: Bench) -> None:
    for index in (0, 1, 2, 3, 5, 6):
        assert done.sample(index, "prompt.txt").decode().strip() == f"{index:02d}.png"
    image = Image.open(io.BytesIO(done.sample(6, "first_frame.png")))
    assert image.getpixel((0, 0)) == (6, 0, 0)
    assert sorted(done.source.fetched) == list(range(7))


def test_a_bad_item_costs_one_sample(done: Bench) -> None:
    (committed,) = [one for one in done.emitted if isinstance(one, ShardCommitted)]
    assert (committed.samples, committed.failed_samples) == (6, 1)
    (group,) = committed.dropped
    assert (group.reason, group.sample) == ("InvalidItem", 4)


def test_the_child_reads_staged_files_and_changes_none(done: Bench) -> None:
    facts = done.facts(0)
    assert {facts[name] for name in ("write", "create", "remove", "chmod")} <= {
        "PermissionError",
        "OSError",
    }


def test_the_child_has_no_network_and_sees_no_secret(done: Bench) -> None:
    facts = done.facts(0)
    assert facts["network"] != "done"
    assert "PYTHONHASHSEED" in facts["environment"]
    for name, value in SECRETS.items():
        assert name not in facts["environment"]
        assert value not in facts["environment"]


@pytest.mark.parametrize("good", ["", "00.png"])
def test_a_shard_of_rows_has_the_declared_columns(tmp_path: Path, good: str) -> None:
    """Even if all of its items have failed."""
    with opened(tmp_path, ROWS, rows=True) as bench:
        assert bench.run(f"good={good}", dropped=7) == WorkerExit.COMMITTED
    (body,) = [body for key, body in bench.store.objects.items() if key.startswith(layout.TABLES)]
    table = pq.read_table(io.BytesIO(body))
    declared = [
        pa.field("index", pa.int64(), nullable=False),
        pa.field("size", pa.int64(), nullable=False),
        pa.field("kind", pa.string()),
    ]
    assert table.schema.equals(pa.schema(declared))
    assert table["index"].to_pylist() == ([0] if good else [])


class Idle:
    """A template that no block is requested of."""

    alive = True
    launch = Launch(NAME, "converter")
    hermetic = Hermetic(level="kernel", landlock=7)

    def poll(self, _timeout: float) -> None:
        time.sleep(0.01)


def failing(bench: Bench, reason: str, **limits: Any) -> FailureRecord:
    """The failure of a worker whose child never gets a block."""
    supervisor = bench.supervisor(**limits)
    supervisor._warm = cast("WarmTemplate", SimpleNamespace(get=lambda *_: Idle(), close=int))
    bench.spoil()
    try:
        code = supervisor.run([ShardTask(generator=NAME, shard=0, allow_failed_samples=7)])
    finally:
        supervisor.close()
    failure = bench.failure()
    assert (failure.reason, failure.exit_code) == (reason, code)
    assert not any(layout.COMMITS in key for key in bench.store.objects)
    return failure


def test_a_file_that_has_changed_ends_the_shard_with_its_name(bench: Bench) -> None:
    bench.spoil = lambda: bench.source.files.update({"01.png": png(200)})
    failure = failing(bench, "SourceChanged")
    assert "01.png of data/puzzles has changed" in failure.message
    assert (failure.retry, failure.exit_code) == ("Useless", WorkerExit.GENERATOR_FAILED)
    assert layout.failure_key(NAME, 0, 0) in bench.store.objects


def test_a_source_that_does_not_answer_is_unavailable_and_can_be_retried(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patient, "UNREACHABLE_SECONDS", 0.1)
    bench.source.errors = [SourceUnavailableError("503 from the hub") for _ in range(99)]
    failure = failing(bench, "SourceUnavailable")
    assert "png of data/puzzles cannot be fetched: 503 from the hub" in failure.message
    assert (failure.retry, failure.exit_code) == ("Useful", WorkerExit.STORAGE_UNAVAILABLE)


def test_a_missing_list_of_items_is_output_changed(bench: Bench) -> None:
    bench.spoil = bench.store.objects.clear
    assert failing(bench, "OutputChanged").exit_code == WorkerExit.STORAGE_UNAVAILABLE


def test_items_larger_than_the_scratch_space_are_named(bench: Bench) -> None:
    failure = failing(bench, "TooLarge", scratch_bytes=20_000)
    assert "the 3 parts of a block need" in failure.message
    assert failure.retry == "Useless"
