"""The operator finds out by itself that kopf does not serve runs any more."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import pytest

from vrdata_operator.cluster.port import ClusterError
from vrdata_operator.health import BEAT_SECONDS, Health
from vrdata_operator.serving import MISSES, Serving

READY = (HTTPStatus.OK, "ok")


@dataclass
class Server:
    """An API server with these resources and versions of runs."""

    resources: list[str] = field(
        default_factory=lambda: ["generationruns", "generationruns/status", "generationprofiles"]
    )
    listed: dict[str, str] = field(default_factory=dict)
    lists: int = 0

    async def get(self, *_path: str, **_query: object) -> dict[str, Any] | None:
        return {"resources": [{"name": name} for name in self.resources]}

    async def versions(self, *_path: str) -> dict[str, str]:
        self.lists += 1
        return dict(self.listed)


@dataclass
class Case:
    """A Serving whose kopf is in this state."""

    resolved: bool | None = True
    server: Server = field(default_factory=Server)
    health: Health = field(default_factory=Health)
    restarts: list[str] = field(default_factory=list)
    watch: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.serving = Serving(
            self.server, self.watch, self.health, lambda: self.resolved, self.restarts.append
        )

    def check(self, *, lists: bool = False) -> tuple[HTTPStatus, str]:
        asyncio.run(self.serving.check(lists=lists))
        return self.health.answer("/readyz")


def test_an_operator_is_ready_when_kopf_serves_runs() -> None:
    case = Case(resolved=None)
    assert case.check() == (503, "no run is served: it is starting")
    assert case.serving.available.is_set()
    case.resolved = True
    assert case.check() == READY
    assert not case.restarts


@pytest.mark.parametrize("missing", ["generationruns", "generationprofiles"])
def test_an_operator_waits_for_a_definition_that_is_missing_and_says_so(missing: str) -> None:
    case = Case(resolved=None)
    case.server.resources.remove(missing)
    status, text = case.check()
    assert (status, f"{missing}.vrdata.dev" in text) == (503, True)
    assert not case.serving.available.is_set()
    assert case.health.answer("/healthz") == READY  # a restart would not help


def test_kopf_starts_again_when_a_definition_was_created_again() -> None:
    case = Case()
    case.check()
    case.server.resources.remove("generationruns")
    assert case.check()[0] == 503
    assert not case.restarts
    case.server.resources.append("generationruns")
    case.check()
    assert case.restarts


def test_kopf_starts_again_when_it_started_before_the_definition() -> None:
    case = Case(resolved=None)
    case.check()
    case.resolved = False
    assert case.check()[0] == 503
    assert case.restarts


@pytest.mark.parametrize("seen", [{}, {"uid-1": "6"}])
def test_kopf_starts_again_when_it_does_not_see_runs_that_exist(seen: dict[str, str]) -> None:
    case = Case()
    for uid, version in seen.items():
        case.serving.see(uid, version)
    case.server.listed = {"uid-1": "7"}
    for _ in range(MISSES - 1):
        assert not case.restarts
        case.check(lists=True)
    assert case.health.answer("/readyz")[0] == 503
    case.check(lists=True)
    assert case.restarts == ["changes of 1 run were not noticed"]


def test_runs_that_change_constantly_do_not_restart_kopf() -> None:
    case = Case()
    for version in range(20):
        case.server.listed = {"uid-1": str(version), "uid-2": "1"}
        if version % 2:
            case.serving.see("uid-2", "1")
        else:
            case.serving.forget("uid-2")
        assert case.check(lists=True) == READY
        case.serving.see("uid-1", str(version))
    assert not case.restarts


def test_kopf_may_take_long_to_report_the_runs_that_exist_when_it_starts() -> None:
    case = Case()
    case.server.listed = {f"uid-{number}": "1" for number in range(100)}
    for number in range(100):
        case.check(lists=True)
        case.serving.see(f"uid-{number}", "1")
    assert not case.restarts
    assert case.check(lists=True) == READY


def test_kopf_starts_again_when_only_some_runs_are_reported() -> None:
    case = Case()
    case.server.listed = {"uid-1": "1", "uid-2": "1"}
    case.check(lists=True)
    case.serving.see("uid-1", "1")
    for _ in range(MISSES):
        case.check(lists=True)
    assert case.restarts


def test_an_operator_that_cannot_start_logs_why_once(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = Case(resolved=None)

    async def refuse(*_path: str, **_query: object) -> dict[str, Any]:
        raise ClusterError(403, "forbidden")

    async def pause(_seconds: float) -> None:
        if case.server.lists > 5:
            raise asyncio.CancelledError
        case.server.lists += 1

    monkeypatch.setattr(case.server, "get", refuse)
    monkeypatch.setattr(asyncio, "sleep", pause)
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(case.serving.run())
    assert caplog.messages == ["starting: the API server cannot be used: 403: forbidden"]


def test_each_watched_namespace_is_listed() -> None:
    case = Case(watch=("a", "b"))
    case.check(lists=True)
    assert case.server.lists == 2


def test_a_process_whose_event_loop_hangs_is_not_alive() -> None:
    now = 0.0
    health = Health(lambda: now)
    health.serves()
    now = BEAT_SECONDS + 1
    assert health.answer("/healthz")[0] == health.answer("/readyz")[0] == 503
    health.beat()
    assert health.answer("/healthz") == health.answer("/readyz") == READY
    assert health.answer("/")[0] == 404
