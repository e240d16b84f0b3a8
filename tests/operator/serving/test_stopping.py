"""kopf stops the daemon of a run: the run is deleted, or the operator ends."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any, cast

import kopf
import pytest

from support.lives import SYSTEM
from vrdata_operator import handlers
from vrdata_operator.handlers import Operator
from vrdata_operator.health import Health
from vrdata_operator.metrics.counters import Metrics
from vrdata_operator.observe.stores import Stores
from vrdata_operator.reconcile import Turn
from vrdata_operator.settings import Home, Settings


class _Reconciler:
    """Its turns do what a test wants."""

    def __init__(self, turn: Callable[[], Awaitable[Turn]]) -> None:
        self._turn = turn
        self.forgotten: list[str] = []

    async def turn(self, _namespace: str, _name: str) -> Turn:
        return await self._turn()

    def forget(self, uid: str) -> None:
        self.forgotten.append(uid)


class _Stopper:
    """kopf's request to stop a daemon."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def set(self) -> None:
        self._event.set()

    async def wait(self, _timeout: float | None) -> None:
        await self._event.wait()


def stop_while(
    turn: Callable[[], Awaitable[Turn]], stores: Stores, first: asyncio.Event | None = None
) -> list[str]:
    """Stop the daemon while `turn` runs or after it; returns which runs are forgotten.

    Args:
        first: waited for before the daemon is stopped.
    """
    operator = Operator(Settings(Home(SYSTEM)), Metrics(), stores, Health())
    reconciler = _Reconciler(turn)
    operator.reconciler = cast("Any", reconciler)

    async def scenario() -> None:
        stopper = _Stopper()
        daemon = operator.serve("team", "demo", "uid-1", cast("kopf.DaemonStopped", stopper))
        task = asyncio.create_task(daemon)
        await asyncio.sleep(0.05)
        if first is not None:
            await asyncio.wait_for(first.wait(), 30)
        stopper.set()
        await asyncio.wait_for(task, 10)

    asyncio.run(scenario())
    return reconciler.forgotten


def test_a_daemon_that_waits_for_its_next_turn_ends_at_once() -> None:
    async def turn() -> Turn:
        return Turn(done=False, after=3600)

    assert stop_while(turn, Stores()) == []


def test_a_turn_that_waits_for_a_silent_store_is_cancelled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(handlers, "STOP_SECONDS", 0.05)
    stores, answered = Stores(), threading.Event()

    async def turn() -> Turn:
        await stores.call(answered.wait)
        raise AssertionError("the store answered")

    try:
        # The thread still uses what is cached of the run.
        assert stop_while(turn, stores) == ["uid-1"]
    finally:
        answered.set()


def test_a_turn_that_ends_soon_is_not_cancelled() -> None:
    ended = []

    async def turn() -> Turn:
        await asyncio.sleep(0.1)
        ended.append(True)
        return Turn(done=False, after=3600)

    assert stop_while(turn, Stores()) == []
    assert ended


def test_an_error_of_a_turn_reaches_kopf() -> None:
    async def turn() -> Turn:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        stop_while(turn, Stores())


def test_a_turn_that_could_not_read_everything_is_continued_without_a_pause(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(handlers, "SPACING_SECONDS", 3600)
    turns: list[int] = []
    read = asyncio.Event()

    async def turn() -> Turn:
        turns.append(1)
        if len(turns) == 3:
            read.set()
        return Turn(done=len(turns) == 3, after=0.0)

    assert stop_while(turn, Stores(), read) == []
    assert len(turns) == 3
