"""A store that waits for a store which cannot be used, with a clock of the test."""

from __future__ import annotations

import hashlib
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from vrdata.errors import InvalidInputError, VrdataError
from vrdata.store.counting import CountingStore
from vrdata.store.opening import open_store
from vrdata.store.patient import PatientStore, Wait
from vrdata.store.port import (
    DigestMismatchError,
    KeyConflictError,
    ObjectInfo,
    ObjectNotFoundError,
    ObjectStore,
    StorageError,
    StoreAccessError,
    StoreUnreachableError,
)

BODY = b"body"
SHA256 = hashlib.sha256(BODY).hexdigest()
DOWN = StoreUnreachableError("cannot read it", why="connection refused")
REFUSED = StoreAccessError("cannot read it", why="the server does not know the access key")


@dataclass
class Failing(CountingStore):
    """A store that fails before, or after, it has done what was requested.

    Attributes:
        errors: for the next requests, one each.
        lost: the next requests are done, and their answers are lost.
    """

    inner: ObjectStore
    errors: list[VrdataError] = field(default_factory=list)
    lost: int = 0
    page: int = 0  # keys before a listing fails once

    def __post_init__(self) -> None:
        super().__init__(self.inner)

    def _count(self, operation: str) -> None:
        super()._count(operation)
        if self.errors:
            raise self.errors.pop(0)

    def put_new(self, key: str, body: bytes | Path, *, sha256: str, content_type: str = "") -> bool:
        created = super().put_new(key, body, sha256=sha256, content_type=content_type)
        if self.lost:
            self.lost -= 1
            raise DOWN
        return created

    def list_after(self, prefix: str, after: str = "") -> Iterator[ObjectInfo]:
        for number, info in enumerate(super().list_after(prefix, after)):
            if self.page and number == self.page:
                self.page = 0
                raise DOWN
            yield info


@dataclass
class Bench:
    """A patient store above a failing one, and a clock that its pauses move."""

    failing: Failing
    now: float = 0.0
    pauses: list[float] = field(default_factory=list)
    told: list[Wait] = field(default_factory=list)

    @property
    def store(self) -> PatientStore:
        return PatientStore(
            self.failing, self.told.append, clock=lambda: self.now, pause=self._pause
        )

    def _pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds

    def put(self, key: str = "key") -> bool:
        return self.store.put_new(key, BODY, sha256=SHA256)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(Failing(open_store(str(tmp_path / "root"))))


class BusyError(StoreUnreachableError):
    """A server that says how long to wait."""

    def __init__(self, retry_after: float) -> None:
        super().__init__("it is busy", why="503")
        self.retry_after = retry_after


def test_a_request_waits_as_long_as_the_server_asks_but_not_longer_than_its_limit(
    bench: Bench,
) -> None:
    bench.put()
    bench.failing.errors = [BusyError(30.0), BusyError(0.5)]
    assert bench.store.get("key") == BODY
    assert bench.pauses == [30.0, 2.0]
    bench.pauses.clear()
    bench.failing.errors = [BusyError(900.0), BusyError(900.0)]
    with pytest.raises(BusyError):
        bench.store.get("key")
    assert bench.pauses == [300.0]


def test_a_store_that_answers_is_used_as_it_is(bench: Bench) -> None:
    assert bench.put()
    assert not bench.put()
    assert bench.store.get("key") == BODY
    assert bench.store.get_range("key", 1, 2) == b"od"
    assert [info.key for info in bench.store.list_after("")] == ["key"]
    bench.store.delete("key")
    assert bench.store.head("key") is None
    assert bench.failing.total == 7
    assert (bench.pauses, bench.told) == ([], [])


@pytest.mark.parametrize("request_", ["put_new", "get", "get_range", "head", "list", "delete"])
def test_every_request_is_repeated_until_the_store_answers(request_: str, bench: Bench) -> None:
    bench.put("existing")
    bench.failing.errors = [DOWN] * 3
    store = bench.store
    done = {
        "put_new": lambda: bench.put("new"),
        "get": lambda: store.get("existing") == BODY,
        "get_range": lambda: store.get_range("existing", 0, 4) == BODY,
        "head": lambda: store.head("existing") is not None,
        "list": lambda: [info.key for info in store.list_after("")] == ["existing"],
        "delete": lambda: store.delete("existing") is None,
    }[request_]
    assert done()
    assert bench.pauses == [1, 2, 4]


def test_an_unreachable_store_is_waited_for_five_minutes_with_growing_pauses(bench: Bench) -> None:
    bench.failing.errors = [DOWN] * 100
    with pytest.raises(StoreUnreachableError) as caught:
        bench.store.get("key")
    assert caught.value is DOWN
    assert bench.pauses[:6] == [1, 2, 4, 8, 15, 15]
    assert bench.now == 300


def test_rejected_credentials_and_missing_buckets_are_waited_for_ten_seconds(bench: Bench) -> None:
    bench.failing.errors = [REFUSED] * 100
    with pytest.raises(StoreAccessError):
        bench.store.get("key")
    assert bench.now == 10


def test_a_server_that_starts_may_refuse_for_ten_more_seconds(bench: Bench) -> None:
    bench.put()
    bench.failing.errors = [DOWN] * 8 + [REFUSED]
    assert bench.store.get("key") == BODY


def test_errors_that_take_turns_end_the_wait(bench: Bench) -> None:
    bench.failing.errors = [DOWN, REFUSED] * 100
    with pytest.raises(VrdataError):
        bench.store.get("key")
    assert 300 <= bench.now <= 310


@pytest.mark.parametrize(
    "error",
    [
        ObjectNotFoundError("no object"),
        DigestMismatchError("other bytes"),
        KeyConflictError("a file has the name of a folder"),
        InvalidInputError("invalid key"),
        StorageError("the disk is full"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_no_wait_can_change_fails_at_once(error: VrdataError, bench: Bench) -> None:
    bench.failing.errors = [error]
    with pytest.raises(type(error)):
        bench.put()
    assert (bench.pauses, bench.told) == ([], [])


@pytest.mark.parametrize("is_file", [False, True])
def test_a_write_whose_answer_was_lost_has_created_the_object(
    is_file: bool, bench: Bench, tmp_path: Path
) -> None:
    body = tmp_path / "body"
    body.write_bytes(BODY)
    bench.failing.lost = 1
    assert bench.store.put_new("key", body if is_file else BODY, sha256=SHA256)
    assert bench.failing.counts == {"put_new": 2, "head": 1}


def test_a_write_that_another_writer_overtakes_has_not_created_the_object(bench: Bench) -> None:
    bench.failing.inner.put_new("key", b"other", sha256=hashlib.sha256(b"other").hexdigest())
    bench.failing.errors = [DOWN]
    assert not bench.put()


def test_a_listing_continues_after_its_last_key(bench: Bench) -> None:
    keys = [f"key-{number}" for number in range(5)]
    for key in keys:
        bench.put(key)
    bench.failing.page = 3
    assert [info.key for info in bench.store.list_after("key-", "key-0")] == keys[1:]
    assert bench.pauses == [1]


def test_a_wait_is_reported_once_with_its_reason_and_its_end(bench: Bench) -> None:
    bench.put()
    bench.failing.errors = [DOWN] * 12
    bench.store.get("key")
    assert bench.told == [Wait("connection refused", 1, 300), Wait("", bench.now, answered=True)]


def test_the_end_of_a_wait_in_vain_is_reported_too(bench: Bench) -> None:
    bench.failing.errors = [REFUSED] * 100
    with pytest.raises(StoreAccessError):
        bench.store.get("key")
    assert [wait.why for wait in bench.told] == ["the server does not know the access key", ""]
    assert not bench.told[-1].answered


def test_a_single_refused_request_is_not_reported(bench: Bench) -> None:
    bench.failing.errors = [DOWN]
    bench.put()
    assert bench.told == []


WAITING = """
import os, signal
from vrdata.bounded.parallel import in_parallel
from vrdata.store.opening import open_store
from vrdata.store.patient import PatientStore, ended_by_interrupt
from vrdata.store.port import StoreUnreachableError

class Down:
    def head(self, key):
        raise StoreUnreachableError("cannot look it up", why="connection refused")

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have ignored it
store = PatientStore(Down(), lambda wait: os.write(1, b"waits\\n"))
with ended_by_interrupt():
    list(in_parallel(["a", "b", "c"], store.head, 2))
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda one: one.name)
def test_an_interrupt_ends_the_waits_of_all_threads(number: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", WAITING], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        process.send_signal(number)
        _, err = process.communicate(timeout=20)
    assert first == "waits\n"
    assert err.endswith("KeyboardInterrupt\n")
