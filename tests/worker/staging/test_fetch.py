"""A part is fetched with patience, and every failure has its reason."""

from __future__ import annotations

import errno
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from support.sources.fake import NAME, FakeSource, files_as_items
from vrdata.contract.messages import StoreWait
from vrdata.contract.reasons import FailureReason
from vrdata.errors import InvalidInputError, VrdataError
from vrdata.plan.sources import PlannedSource
from vrdata.sources.port import (
    SourceAccessError,
    SourceChangedError,
    SourceNotFoundError,
    SourceUnavailableError,
)
from vrdata.store.port import (
    DigestMismatchError,
    ObjectNotFoundError,
    StoreAccessError,
    StoreUnreachableError,
)
from vrdata_worker.failures import ShardFailedError
from vrdata_worker.staging import fetch as module
from vrdata_worker.staging.fetch import Fetcher

FILES = {"folder/a.txt": b"the bytes"}
(PART,) = files_as_items(FILES)
SOURCE = PlannedSource(url="hf://org/puzzles", items=1, digest="sha256:" + "0" * 64)


class Bench:
    """A fetcher whose pauses take no time."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.source = FakeSource(dict(FILES))
        self.folder = folder / "0"
        self.pauses: list[float] = []
        self.told: list[StoreWait] = []
        self.stopped = False
        self._now = 0.0
        monkeypatch.setattr(module, "pause", self._pause)
        waiting = module.Waiting
        monkeypatch.setattr(
            module,
            "Waiting",
            lambda tell, **settings: waiting(tell, lambda: self._now, **settings),
        )

    def _pause(self, seconds: float, _: Callable[[], bool]) -> None:
        self.pauses.append(seconds)
        self._now += seconds

    def fetch(self) -> None:
        fetcher = Fetcher(NAME, SOURCE, self.source.open, self.told.append)
        fetcher.fetch(PART, self.folder, lambda: self.stopped)

    def failure(self) -> ShardFailedError:
        with pytest.raises(ShardFailedError) as caught:
            self.fetch()
        return caught.value


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(tmp_path, monkeypatch)


def test_a_part_is_staged_below_its_own_folder(bench: Bench) -> None:
    bench.fetch()
    assert (bench.folder / "folder/a.txt").read_bytes() == b"the bytes"
    assert (bench.pauses, bench.told) == ([], [])


def unavailable(retry_after: float | None = None) -> SourceUnavailableError:
    error = SourceUnavailableError("the hub answers 429", why="too many requests")
    error.retry_after = retry_after
    return error


def test_a_source_that_does_not_answer_is_asked_again_after_growing_pauses(bench: Bench) -> None:
    bench.source.errors = [unavailable(), unavailable(20), unavailable(), StoreUnreachableError("")]
    bench.fetch()
    assert bench.pauses == [1.0, 20.0, 4.0, 8.0]
    begun, ended = bench.told
    assert (begun.source, begun.why, begun.limit) == (NAME, "too many requests", 300)
    assert (ended.source, ended.why, ended.answered) == (NAME, "", True)


def test_a_source_that_does_not_answer_is_unavailable_after_five_minutes(bench: Bench) -> None:
    bench.source.errors = [unavailable() for _ in range(99)]
    error = bench.failure()
    assert (error.failure.reason, error.lasting) == (FailureReason.SOURCE_UNAVAILABLE, False)
    assert "folder/a.txt of hf://org/puzzles cannot be fetched: the hub answers 429" in (
        error.failure.message
    )
    assert sum(bench.pauses) == 300


def test_a_server_that_asks_for_an_hour_gets_another_request_after_five_minutes(
    bench: Bench,
) -> None:
    bench.source.errors = [unavailable(3600) for _ in range(9)]
    assert bench.failure().failure.reason is FailureReason.SOURCE_UNAVAILABLE
    assert bench.pauses == [300.0]


@pytest.mark.parametrize(
    ("error", "reason", "lasting", "said"),
    [
        (SourceAccessError("401", fix="set HF_TOKEN"), "SourceUnavailable", False, "set HF_TOKEN"),
        (StoreAccessError("403", fix="set the key"), "SourceUnavailable", False, "set the key"),
        (DigestMismatchError("it is shorter"), "SourceUnavailable", False, "it is shorter"),
        (SourceChangedError("another etag"), "SourceChanged", False, "another etag"),
        (SourceNotFoundError("no such file"), "SourceChanged", False, "no such file"),
        (ObjectNotFoundError("no such key"), "SourceChanged", False, "no such key"),
        (
            InvalidInputError("gs: is not a supported source"),
            "ContractMismatch",
            True,
            "gs: is not",
        ),
        (VrdataError("huggingface_hub is missing"), "ContractMismatch", True, "is missing"),
        (OSError(errno.ENOSPC, "No space left"), "StorageUnavailable", True, "No space left while"),
        (OSError(errno.EDQUOT, "Quota exceeded"), "StorageUnavailable", True, "use another folder"),
        (
            OSError(errno.EIO, "I/O error"),
            "SourceUnavailable",
            True,
            "[Errno 5] I/O error",
        ),
        (RuntimeError("odd"), "SourceUnavailable", True, "RuntimeError: odd"),
    ],
)
def test_every_failure_has_its_reason(
    bench: Bench, error: Exception, reason: str, lasting: bool, said: str
) -> None:
    bench.source.errors = [error] * 20
    failed = bench.failure()
    assert (str(failed.failure.reason), failed.lasting) == (reason, lasting)
    assert "folder/a.txt of hf://org/puzzles" in failed.failure.message
    assert said in failed.failure.message
    assert sum(bench.pauses) <= 10


def test_errors_of_libraries_show_no_password_and_no_signed_url(bench: Bench) -> None:
    signed = "https://user:pass@cdn.example/a.txt?X-Amz-Signature=abc&token=hf_x"
    bench.source.errors = [RuntimeError(f"403 for '{signed}'")]
    message = bench.failure().failure.message
    assert "403 for 'https://cdn.example/a.txt'" in message


def test_other_bytes_are_fetched_a_second_time_and_then_the_source_has_changed(
    bench: Bench,
) -> None:
    bench.source.files["folder/a.txt"] = b"other byt"
    failure = bench.failure().failure
    assert failure.reason is FailureReason.SOURCE_CHANGED
    assert "folder/a.txt has the digest sha256:" in failure.message
    assert bench.source.fetched == [0, 0]


def test_bytes_that_a_connection_damaged_once_are_fetched_again(bench: Bench) -> None:
    def repair(_: object) -> None:
        bench.source.files["folder/a.txt"] = b"the bytes" if bench.source.fetched else b"the byte"

    bench.source.before = repair
    bench.fetch()
    assert (bench.folder / "folder/a.txt").read_bytes() == b"the bytes"


def test_nothing_of_a_fetch_that_failed_stays(bench: Bench) -> None:
    def leave(_: object) -> None:
        if not bench.source.fetched:
            (bench.folder / "left.tmp").touch()

    bench.source.before = leave
    bench.source.errors = [unavailable()]
    bench.fetch()
    assert [path.name for path in bench.folder.iterdir()] == ["folder"]


def test_a_part_that_no_block_waits_for_is_not_fetched(bench: Bench) -> None:
    bench.stopped = True
    assert bench.failure().failure.reason is FailureReason.PREEMPTED
    assert bench.source.fetched == []


def test_a_wait_ends_immediately_when_it_is_stopped(tmp_path: Path) -> None:
    source = FakeSource(dict(FILES), [unavailable(300)])
    began = time.monotonic()
    fetcher = Fetcher(NAME, SOURCE, source.open, lambda _: None)
    with pytest.raises(ShardFailedError):
        fetcher.fetch(PART, tmp_path / "0", lambda: bool(source.fetched))
    assert time.monotonic() - began < 5
