"""A store that is down or does not answer is named while it is, and not longer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

import pytest

from support.lives import Life, OneStore, run_object
from support.memorystore import MemoryStore
from support.operator.fakeworkers import GONE
from vrdata.store.port import ObjectInfo, StoreAccessError
from vrdata_operator import reconcile
from vrdata_operator.observe import jobs
from vrdata_operator.observe.stores import MeteredStore, Stores

T = TypeVar("T")


ONE = {"generators": [{"name": "O-maze", "samples": 40}], "parallelism": 2}


def one_job(life: Life) -> None:
    """A run of one Job with four shards, two of them committed."""
    life.create(run_object(**ONE))
    life.live(until=lambda: life.status().samples.succeeded >= 20)


def broken_head(key: str) -> Any:
    raise StoreAccessError(f"{key} cannot be read", why="connection refused", fix="start it")


def test_a_store_that_is_down_is_named_although_no_pod_ends(life: Life) -> None:
    one_job(life)

    head, life.store.head = life.store.head, broken_head  # type: ignore[method-assign]
    life.turn()
    assert life.status().reason == "StorageUnavailable"
    assert life.reason("Stalled") == ("True", "StorageUnavailable")
    assert "connection refused" in life.condition("Stalled").message
    assert (life.status().eta, life.status().rate) == ("", "")
    life.store.head = head  # type: ignore[method-assign]
    life.turn()
    assert life.status().reason == ""


def test_a_store_that_is_back_is_not_called_unavailable_while_it_is_read(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    one_job(life)
    life.restart()
    head, life.store.head = life.store.head, broken_head  # type: ignore[method-assign]
    life.turn()
    assert life.reason("Stalled") == ("True", "StorageUnavailable")
    life.store.head = head  # type: ignore[method-assign]
    monkeypatch.setattr(jobs, "SLICE_SECONDS", 0.0)
    life.turn()
    assert life.reason("Progressing") == ("True", "ReadingCommits")
    assert life.reason("Stalled") == ("False", "NothingWrong")
    assert life.status().reason == ""


class SlowStore(OneStore):
    """A store that answers late."""

    waits = True

    def silent(self, seconds: float) -> bool:  # noqa: ARG002 - it answers later than any time
        return self.waits

    async def call(self, work: Callable[[], T]) -> T:
        await asyncio.sleep(0.2)
        return work()


def use(life: Life, stores: SlowStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconcile, "SILENT_SECONDS", 0.05)
    monkeypatch.setattr(life.reconciler, "_stores", stores)
    monkeypatch.setattr(life.reconciler._viewer, "_stores", stores)


def test_a_store_that_does_not_answer_is_named_before_its_request_ends(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    one_job(life)
    life.workers.script = lambda _: GONE  # nothing is committed
    use(life, SlowStore(life.store), monkeypatch)
    written = len(life.cluster.written)
    life.turn()
    found = [status["reason"] for status in life.cluster.written[written:]]
    assert found[0] == "StorageUnavailable"
    waiting = [one for one in life.cluster.events if one.reason == "Waiting"]
    assert [one.message.partition(":")[0] for one in waiting] == ["StorageUnavailable"]
    life.turn()
    assert life.status().reason == ""


def test_an_error_of_the_store_is_not_replaced_by_its_silence(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    one_job(life)
    life.store.head = broken_head  # type: ignore[method-assign]
    life.turn()
    use(life, SlowStore(life.store), monkeypatch)
    written = len(life.cluster.written)
    life.turn()
    assert len(life.cluster.written) == written
    assert "connection refused" in life.condition("Stalled").message


def test_a_slow_turn_without_an_open_request_does_not_call_the_store_unavailable(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    one_job(life)
    slow = SlowStore(life.store)
    slow.waits = False
    use(life, slow, monkeypatch)
    written = len(life.cluster.written)
    life.turn()
    assert "StorageUnavailable" not in {one["reason"] for one in life.cluster.written[written:]}


def test_a_store_is_silent_while_a_request_waits_and_no_longer() -> None:
    stores = Stores()
    seen: list[bool] = []

    class Asked(MemoryStore):
        def head(self, key: str) -> ObjectInfo | None:
            seen.append(stores.silent(0.0))
            return super().head(key)

    MeteredStore(Asked(), lambda *_: None, stores._open).head("a")
    assert (seen, stores.silent(0.0)) == ([True], False)
