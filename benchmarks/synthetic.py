"""A run of any size for `bench_operator`: its plan, its Jobs, its commit markers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from support.lives import DIGEST
from vrdata.dataset import layout
from vrdata.dataset.codec import describe_records, encode_marker
from vrdata.dataset.manifest import Attempt, DataObject, FileRecord, SampleRecord, ShardManifest
from vrdata.plan.planned import Plan, PlannedGenerator, PlannedOutput, Shard
from vrdata.plan.waves import Wave
from vrdata_operator.specs.jobs import owner_reference
from vrdata_operator.state import names

Json = dict[str, Any]
FILES = ("final_frame.png", "first_frame.png", "ground_truth.mp4", "metadata.json", "prompt.txt")
UID = "uid-1"
SAMPLES = 300  # of a shard


def plan(generators: int, shards: int) -> Plan:
    """A plan with so many shards of SAMPLES samples for each generator."""
    return Plan(
        namespace="team",
        run="demo",
        seed=1,
        output=PlannedOutput(format="webdataset", video="h264"),
        generators=tuple(
            PlannedGenerator(
                name=f"O-{at:03}_synthetic_generator",
                generator_class="O",
                digest=DIGEST,
                samples=shards * SAMPLES,
                block_size=SAMPLES // 10,
                shard_blocks=10,
            )
            for at in range(generators)
        ),
    )


def job(wave: Wave, pods: int) -> Json:
    """The Job of a wave with so many running pods."""
    labels = {names.RUN_UID_LABEL: UID, names.WAVE_LABEL: str(wave.wave)}
    owner = owner_reference("GenerationRun", "demo", UID)
    return {
        "metadata": {
            "name": names.wave_job(UID, wave.wave),
            "namespace": "team",
            "labels": labels | {names.TASK_LABEL: "shard"},
            "ownerReferences": [owner],
        },
        "spec": {"completions": wave.size, "parallelism": pods, "suspend": False},
        "status": {"active": pods, "ready": pods},
    }


def marker(of: Plan, plan_hash: str, shard: Shard, samples: int) -> bytes:
    """A commit marker; `samples` records stand for all of the shard."""
    planned = of.generator(shard.generator)
    found = planned.shard(shard.number)
    files = tuple(
        FileRecord(name=name, size=100_000, sha256="0" * 64, offset=at * 100_000)
        for at, name in enumerate(FILES)
    )
    records = [
        SampleRecord(
            index=index,
            id=layout.sample_id("synthetic", index),
            domain="synthetic",
            block=index // planned.block_size,
            seed=index,
            files=files,
            content="0" * 64,
        ).to_json()
        for index in range(found.start, found.start + samples)
    ]
    manifest = ShardManifest(
        plan=plan_hash,
        generator=shard.generator,
        digest=planned.digest,
        shard=shard.number,
        start=found.start,
        stop=found.stop,
        format="webdataset",
        archive=DataObject(key=layout.shard_tar_key(*shard), size=10**9, sha256="0" * 64),
        samples=SAMPLES,
        attempt=Attempt(seconds=600.0, cpu_seconds=500.0, peak_memory_bytes=2**29),
        records=describe_records(records),
    )
    return encode_marker(manifest, records)


def write(path: Path, body: bytes) -> None:
    """Write a file without syncing it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
