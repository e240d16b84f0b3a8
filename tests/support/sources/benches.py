"""A worker in this process, with a converter and a source in memory."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

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
from vrdata.contract.reasons import WorkerExit
from vrdata.contract.records import FailureRecord
from vrdata.contract.worker import ShardTask, StoreSettings, WorkerConfig
from vrdata.dataset import layout
from vrdata.model import Model
from vrdata.plan.catalogue import CatalogueEntry
from vrdata.plan.planned import Plan, PlannedOutput
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
