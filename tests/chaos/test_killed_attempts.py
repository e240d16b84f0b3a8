"""A run whose attempts are mostly killed, with a real store, in strict and in detect mode."""

from __future__ import annotations

from typing import Literal

import pytest

from chaos.attempts import Attempts
from chaos.audits.audit import audit, undisturbed
from support.builders import build_run
from support.lives import Life, OneStore, run_object
from support.memorystore import MemoryStore
from support.services.s3server import S3Server
from support.services.weak_s3 import WeakS3
from vrdata.contract.worker import StoreSettings
from vrdata.dataset.outputs import write_outputs
from vrdata.store.opening import PrefixedStore, open_store
from vrdata.store.port import ObjectStore

pytestmark = [pytest.mark.slow, pytest.mark.s3]

SHARDS = 1000
SHARE = 0.65
Mode = Literal["strict", "detect"]


def spec(shards: int) -> dict[str, object]:
    """One sample in a shard."""
    return {
        "generators": [{"name": "O-maze", "samples": shards, "blockSize": 1}],
        "shardSize": 1,
        "parallelism": 100,
        "failurePolicy": {"retries": 0},
    }


def disturbed(store: ObjectStore, mode: Mode, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run in the cluster in memory, then audit."""

    async def chosen(_self: OneStore, _settings: StoreSettings) -> Mode:
        return mode

    monkeypatch.setattr(OneStore, "mode", chosen)
    life = Life(store=store)  # type: ignore[arg-type]
    folder = PrefixedStore(store, "team/demo/")
    attempts = Attempts(folder, 5, SHARE, mode)
    life.workers.script, life.workers.finish = attempts, attempts.finish
    life.create(run_object(**spec(SHARDS)))
    status = life.live(turns=2000)
    assert status.phase == "Succeeded", status
    assert attempts.errors == []
    killed = sum(attempts.ends.values()) - attempts.ends["committed"]
    assert killed >= 0.6 * sum(attempts.ends.values()), attempts.ends
    assert min(attempts.ends.values()) > 50, attempts.ends
    calm = MemoryStore()
    build_run(calm, attempts.plan)
    write_outputs(calm, attempts.plan, detect=False)
    assert audit(folder, undisturbed(calm)) == []


def test_a_strict_store_loses_and_doubles_nothing(
    s3: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    disturbed(open_store(f"s3://{s3.make_bucket('strict')}"), "strict", monkeypatch)


def test_a_store_that_ignores_conditions_loses_and_doubles_nothing(
    weak_s3: WeakS3, monkeypatch: pytest.MonkeyPatch
) -> None:
    disturbed(open_store("s3://detect", endpoint=weak_s3.endpoint), "detect", monkeypatch)
