"""A worker converts items of a source; its child gets staged files, and nothing else."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from PIL import Image

from support.sources.benches import SECRETS, Bench, opened, png
from support.sources.fake import (
    NAME,
)
from vrdata.contract.messages import ShardCommitted
from vrdata.contract.reasons import WorkerExit
from vrdata.contract.records import FailureRecord
from vrdata.contract.worker import ShardTask
from vrdata.dataset import layout
from vrdata.hermetic import Hermetic
from vrdata.sources.port import SourceUnavailableError
from vrdata.store import patient
from vrdata_worker.child.launch import Launch
from vrdata_worker.child.warm import WarmTemplate


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
