"""A worker stages the sources of a pipeline, which its blocks can read and not change."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.memorystore import MemoryStore
from support.sources.fake import FakeSource, files_as_items
from support.sources.places import FILES, PIPELINE, planned_pipeline, store_place
from support.sources.reading import GENERATOR
from vrdata.contract.messages import WorkerNotice
from vrdata.contract.reasons import WorkerExit
from vrdata.contract.records import FailureRecord
from vrdata.contract.worker import ShardTask, StoreSettings, WorkerConfig
from vrdata.dataset import layout
from vrdata.model import Model
from vrdata.plan.catalogue import CatalogueEntry
from vrdata.plan.planned import Plan, PlannedOutput
from vrdata.sources.port import SourceChangedError
from vrdata_worker.image.catalogues import Located
from vrdata_worker.staging.whole import places
from vrdata_worker.supervisor import Supervisor

REFUSED = {"PermissionError", "OSError"}


class Worker:
    """A worker in this process, with one generator that has a place."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = MemoryStore()
        self.emitted: list[Model] = []
        self.source = FakeSource(dict(FILES))
        (folder / "probe").mkdir()
        (folder / "probe/generator.py").write_text(GENERATOR)
        (folder / "scratch").mkdir()

    def run(self, **fields: Any) -> WorkerExit:
        """Generate all samples."""
        place = store_place(self.store, 0, "raw", files_as_items(FILES), **fields)
        generator = planned_pipeline(place)
        plan = Plan(
            namespace="default",
            run="demo",
            seed=1,
            output=PlannedOutput(format="files", video="h264"),
            generators=(generator,),
        )
        entry = CatalogueEntry(
            name=PIPELINE,
            generator_class="M",
            kind="api",
            digest=generator.digest,
            path="probe",
        )
        config = WorkerConfig(
            store=StoreSettings(url="x"),
            prefix="",
            plan=plan.hash,
            children=2,
            sources=str(self.folder / "sources"),
        )
        supervisor = Supervisor(
            config,
            plan,
            self.store,
            {PIPELINE: Located(entry, self.folder)},
            self.folder / "scratch",
            self.emitted.append,
        )
        try:
            return supervisor.run([ShardTask(generator=PIPELINE, shard=0)])
        finally:
            supervisor.close()

    def facts(self, index: int) -> dict[str, Any]:
        """What the generator found."""
        folder = layout.sample_folder(PIPELINE, "scan", index)
        metadata = json.loads(self.store.objects[f"{layout.QUESTIONS}{folder}/metadata.json"])
        found = json.loads(metadata["generator_metadata"])
        return dict(found.get("parameters") or found)


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[Worker]:
    made = Worker(tmp_path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(places, "open_planned", made.source.open)
        yield made


def test_a_block_reads_staged_files_and_changes_none(worker: Worker) -> None:
    assert worker.run() == WorkerExit.COMMITTED, worker.emitted
    for index in (0, 7):
        facts = worker.facts(index)
        assert (facts.pop("places"), facts.pop("text")) == (["raw"], "a,1\n")
        assert {name: what for name, what in facts.items() if what not in REFUSED} == {}
        assert {"write", "hard link", "chmod", "other sources", "locks"} <= facts.keys()
    assert len([one for one in worker.emitted if isinstance(one, WorkerNotice)]) == 1


def test_a_shard_whose_source_has_changed_is_not_committed(worker: Worker) -> None:
    worker.source.files["labels.csv"] = b"a,2\n"
    assert worker.run() == WorkerExit.GENERATOR_FAILED
    (failure,) = [one for one in worker.emitted if isinstance(one, FailureRecord)]
    assert (failure.reason, failure.retry) == ("SourceChanged", "Useless")


def test_a_block_reads_ranges_of_the_pinned_files_only(worker: Worker) -> None:
    assert worker.run(ranges=True) == WorkerExit.COMMITTED, worker.emitted
    assert worker.facts(7) == {
        "places": ["raw"],
        "range": "1\n",
        "outside": "the source has no such file",
    }
    assert len(worker.source.fetched) == 1
    assert list((worker.folder / "scratch").glob("r*")) == []


def test_a_shard_fails_for_the_reason_why_a_range_cannot_be_read(worker: Worker) -> None:
    worker.source.errors = [SourceChangedError("it is gone")] * 9
    assert worker.run(ranges=True) == WorkerExit.GENERATOR_FAILED
    (failure,) = [one for one in worker.emitted if isinstance(one, FailureRecord)]
    assert failure.reason == "SourceChanged"
    assert "labels.csv of data/raw has changed: it is gone" in failure.message
