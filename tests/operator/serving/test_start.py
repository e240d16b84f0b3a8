"""What the operator does before it serves runs."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import kopf
import pytest

from support.lives import SYSTEM, profile_object
from support.operator.fakecluster import FakeCluster
from support.services.s3server import free_port
from vrdata_operator import handlers
from vrdata_operator.cluster.port import ClusterError
from vrdata_operator.handlers import Operator
from vrdata_operator.health import Health
from vrdata_operator.metrics.counters import Metrics
from vrdata_operator.observe.stores import Stores
from vrdata_operator.settings import Home, Settings

REFUSED = ClusterError(422, "spec.image: must name a digest")


class Young(FakeCluster):
    """A cluster that rejects profiles at first."""

    def __init__(self, refusals: int) -> None:
        super().__init__()
        self.refusals = refusals

    async def apply_profile(self, manifest: dict[str, Any]) -> None:
        self.refusals -= 1
        if self.refusals >= 0:
            raise REFUSED
        await super().apply_profile(manifest)


class _NoRest:
    async def open(self) -> None:
        return None


def new_operator(settings: Settings) -> Operator:
    metrics = Metrics()
    return Operator(settings, metrics, Stores(metrics.store_request), Health())


def started(cluster: FakeCluster, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handlers, "START_SECONDS", 0.0)
    profiles = folder / "profiles.yaml"
    profiles.write_text(str(profile_object()))
    operator = new_operator(Settings(Home(SYSTEM), profiles=profiles))
    operator.serving.available.set()
    monkeypatch.setattr(operator, "rest", _NoRest())
    monkeypatch.setattr(operator, "cluster", cluster)
    asyncio.run(operator.start())


def test_profiles_are_retried_until_their_crd_is_served(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = Young(refusals=handlers.START_TRIES - 1)
    started(cluster, tmp_path, monkeypatch)
    assert list(cluster.profiles) == ["default"]


def test_a_profile_that_is_always_rejected_stops_the_operator(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(kopf.PermanentError, match=r"profile default: spec\.image"):
        started(Young(refusals=handlers.START_TRIES), tmp_path, monkeypatch)


class _Stopped:
    """kopf's request to stop a daemon: it is set when it has been waited for often enough."""

    def __init__(self, waits: int) -> None:
        self.waits = waits

    def __bool__(self) -> bool:
        return self.waits == 0

    async def wait(self, timeout: float) -> None:
        assert timeout > 0
        self.waits -= 1


def test_a_run_that_kopf_does_not_stop_is_served_again(monkeypatch: pytest.MonkeyPatch) -> None:
    registry = kopf.OperatorRegistry()
    operator = new_operator(Settings(Home(SYSTEM)))
    served: list[str] = []

    async def serve(_namespace: str, name: str, _uid: str, _stopped: object) -> None:
        served.append(name)

    monkeypatch.setattr(operator, "serve", serve)
    handlers.register(registry, operator)
    (daemon,) = (one for one in registry._spawning.get_all_handlers() if one.id == "serve")
    asyncio.run(daemon.fn(namespace="team", name="demo", uid="uid-1", stopped=_Stopped(2)))  # type: ignore[call-arg, arg-type]
    assert served == ["demo"] * 2


@pytest.mark.slow
@pytest.mark.smoke
def test_an_operator_that_cannot_start_prints_why_and_exits(tmp_path: Path) -> None:
    own = {
        "KUBECONFIG": str(tmp_path / "none"),
        "VRDATA_NAMESPACE": SYSTEM,
        "VRDATA_METRICS_PORT": str(free_port()),
        "VRDATA_HEALTH_PORT": str(free_port()),
    }
    done = subprocess.run(
        [sys.executable, "-m", "vrdata_operator"],
        env=os.environ | own,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    assert "the operator cannot start: no cluster is named" in done.stderr
