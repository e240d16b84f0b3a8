"""Attempts of a fake cluster that end as a test says, and what is left of its waves."""

from __future__ import annotations

from collections import Counter

from support.lives import Life, run_object
from support.operator.fakeworkers import Try
from vrdata.dataset import layout
from vrdata.plan.planned import Shard
from vrdata.plan.waves import Wave
from vrdata_operator.cluster.parse import job_facts
from vrdata_operator.state.names import wave_job

SHARD = Shard("O-maze", 1)


def of_shard(*reasons: str, shard: Shard = SHARD) -> dict[Shard, list[str]]:
    """Reasons for the attempts of one shard, in order."""
    return {shard: list(reasons)}


def scripted(life: Life, reasons: dict[Shard, list[str]]) -> None:
    """Each attempt of a shard takes the next of its reasons; then the shard is committed."""
    left = {shard: list(each) for shard, each in reasons.items()}

    def script(tried: Try) -> str:
        each = left.get(tried.shard)
        return each.pop(0) if each else ""

    life.workers.script = script


def one_shard(**policy: int) -> dict[str, object]:
    """A run of two shards with this failure policy."""
    spec = {"generators": [{"name": "O-maze", "samples": 20}], "failurePolicy": policy}
    return run_object(**spec)


def waves(life: Life) -> list[Wave]:
    """The wave files in the store, in order."""
    keys = sorted(key for key in life.store.objects if layout.WAVES in key)
    return [Wave.model_validate_json(life.store.objects[key]) for key in keys]


def no_shard_runs_twice(life: Life) -> None:
    """Assert that no two Jobs that run have the same shard left."""
    left: Counter[Shard] = Counter()
    for wave in waves(life):
        job = life.cluster.jobs.get(("team", wave_job("uid-1", wave.wave)))
        if job is not None and not job["status"].get("conditions"):
            facts = job_facts(job)
            ended = facts.completed | facts.failed
            left.update(shard for at, shard in enumerate(wave.shards()) if at not in ended)
    assert not {shard for shard, jobs in left.items() if jobs > 1}
