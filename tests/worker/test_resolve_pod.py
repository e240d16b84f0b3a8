"""The pod that pins the sources of a run names the reason by which the operator decides."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.objects import put
from vrdata.api.run import GenerationRunSpec
from vrdata.contract.pod import VARIABLE, PodTask, ResolvePod, read_termination_message
from vrdata.contract.reasons import FailureReason, WorkerExit
from vrdata.contract.records import Failure
from vrdata.contract.worker import StoreSettings
from vrdata.dataset import layout
from vrdata.dataset.reader import load_model
from vrdata.errors import InvalidInputError, VrdataError
from vrdata.plan.pipelines import PipelineSource
from vrdata.plan.sources import PinnedSources
from vrdata.sources import resolve as pinning
from vrdata.sources.port import (
    SourceAccessError,
    SourceChangedError,
    SourceNotFoundError,
    SourceUnavailableError,
)
from vrdata.store.opening import PrefixedStore, open_store
from vrdata.store.port import ObjectStore, StorageError, StoreAccessError
from vrdata_worker.pod import main


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    return PrefixedStore(open_store(str(tmp_path / "store")), "team/demo/")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A source of two items."""
    found = tmp_path / "source"
    found.mkdir()
    for name in "ab":
        (found / f"{name}.png").write_bytes(name.encode())
    return found


@pytest.fixture
def message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The termination message of the pod."""
    found = tmp_path / "termination"
    found.touch()
    monkeypatch.setenv("VRDATA_TERMINATION_LOG", str(found))
    return found


def resolve(folder: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    spec = GenerationRunSpec.model_validate(
        {"generators": [{"name": "M-import", "source": {"url": str(folder)}}]}
    )
    pod = ResolvePod(store=StoreSettings(url=str(root / "store")), prefix="team/demo/", spec=spec)
    monkeypatch.setenv(VARIABLE, PodTask(resolve=pod).to_json().decode())
    return main()


@pytest.mark.usefixtures("message")
def test_it_pins_the_places_of_pipelines_and_stores_the_lists_of_their_files(
    store: ObjectStore, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = StoreSettings(url=str(tmp_path / "store"))
    spec = GenerationRunSpec.model_validate({"generators": [{"name": "M-1", "samples": 1}]})
    places = {"M-1": (PipelineSource(place="raw", url=str(folder)),)}
    pod = ResolvePod(store=settings, prefix="team/demo/", spec=spec, places=places)
    monkeypatch.setenv(VARIABLE, PodTask(resolve=pod).to_json().decode())
    assert main() == WorkerExit.COMMITTED
    (pinned,) = load_model(store, layout.SOURCES, PinnedSources).places["M-1"]
    assert (pinned.source.place, pinned.source.items) == ("raw", 2)
    assert store.head(layout.place_key("M-1", 0)) is not None


def ended(message: Path) -> Failure:
    failure = read_termination_message(message.read_text())
    assert failure is not None
    return failure


@pytest.mark.usefixtures("message")
def test_it_pins_the_sources_and_stores_the_lists_of_their_items(
    store: ObjectStore, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert resolve(folder, tmp_path, monkeypatch) == WorkerExit.COMMITTED
    pinned = load_model(store, layout.SOURCES, PinnedSources).sources["M-import"]
    assert pinned.source.items == 2
    assert store.head(layout.items_key("M-import")) is not None
    body = store.get(layout.SOURCES)
    (folder / "c.png").write_bytes(b"c")
    assert resolve(folder, tmp_path, monkeypatch) == WorkerExit.COMMITTED
    assert store.get(layout.SOURCES) == body


def test_a_missing_source_is_not_found(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, message: Path
) -> None:
    code = resolve(folder.with_name("none"), tmp_path, monkeypatch)
    assert (code, ended(message).reason) == (20, FailureReason.SOURCE_NOT_FOUND)


def test_the_sources_of_another_run_are_a_conflict(
    store: ObjectStore,
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    message: Path,
) -> None:
    put(store, layout.SOURCES, PinnedSources().to_json())
    put(store, layout.PLAN, b"{}")  # without a plan they are those of a run that was refused
    assert resolve(folder, tmp_path, monkeypatch) == WorkerExit.CONTRACT_MISMATCH
    assert ended(message).reason is FailureReason.OUTPUT_CONFLICT


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (SourceNotFoundError("x"), FailureReason.SOURCE_NOT_FOUND),
        (SourceAccessError("x"), FailureReason.SOURCE_UNAVAILABLE),
        (SourceUnavailableError("x"), FailureReason.SOURCE_UNAVAILABLE),
        (SourceChangedError("x"), FailureReason.SOURCE_CHANGED),
        (StorageError("x"), FailureReason.STORAGE_UNAVAILABLE),
        (StoreAccessError("x"), FailureReason.STORAGE_UNAVAILABLE),
        (InvalidInputError("x"), FailureReason.INVALID_SOURCE),
        (VrdataError("x"), FailureReason.INVALID_SOURCE),
        (MemoryError(), FailureReason.OUT_OF_MEMORY),
    ],
)
def test_each_error_has_a_reason_that_decides_whether_it_is_retried(
    error: Exception,
    reason: FailureReason,
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    message: Path,
) -> None:
    def fails(*_args: object, **_options: object) -> None:
        raise error

    monkeypatch.setattr(pinning, "pin_sources", fails)
    assert resolve(folder, tmp_path, monkeypatch) == int(reason.exit)
    assert ended(message).reason is reason


def test_the_fix_of_an_error_is_in_the_termination_message(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, message: Path
) -> None:
    def fails(*_args: object, **_options: object) -> None:
        raise SourceNotFoundError("no split tset", why="there is: test", fix="name test")

    monkeypatch.setattr(pinning, "pin_sources", fails)
    resolve(folder, tmp_path, monkeypatch)
    assert ended(message).message == "no split tset\n  why: there is: test\n  fix: name test"
