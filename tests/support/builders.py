"""Build small, valid runs in a store without a worker: real PNG files, real videos."""

from __future__ import annotations

import hashlib
import io
import json
import tempfile
from collections.abc import Callable, Collection, Mapping
from functools import cache
from pathlib import Path

import av
import numpy as np
from PIL import Image

from support.datasets.facts import content_of, encoder_of
from support.memorystore import MemoryStore
from vrdata.dataset import layout
from vrdata.dataset.checks.dropped import with_dropped
from vrdata.dataset.codec import describe_records
from vrdata.dataset.finish.summary import DatasetSummary
from vrdata.dataset.formats.base import PendingObject, SourceFile
from vrdata.dataset.formats.registry import format_of
from vrdata.dataset.manifest import (
    Attempt,
    FailedSample,
    Record,
    SampleRecord,
    ShardManifest,
    VideoRecord,
)
from vrdata.dataset.outputs import succeed, summarise
from vrdata.model import OutputFormat
from vrdata.plan.planned import Plan, PlannedGenerator, PlannedOutput, ShardRange
from vrdata.plan.seeds import block_seed
from vrdata.store.port import ObjectStore
from vrdata_worker.draft import MarkerDraft, describe_data

FRAMES = 3
PIXELS = 64
Change = Callable[[int, dict[str, bytes]], None]


def make_plan(
    samples: Mapping[str, int] | None = None,
    *,
    output_format: OutputFormat = "webdataset",
    block_size: int = 2,
    shard_blocks: int = 2,
    seed: int = 42,
    run: str = "small",
) -> Plan:
    """A plan of the generators in `samples` (name to samples; default one maze of 5)."""
    return Plan(
        namespace="default",
        run=run,
        seed=seed,
        output=PlannedOutput(format=output_format, video="h264"),
        generators=tuple(
            PlannedGenerator(
                name=name,
                generator_class="O",
                digest="sha256:" + hashlib.sha256(name.encode()).hexdigest(),
                samples=count,
                block_size=block_size,
                shard_blocks=shard_blocks,
            )
            for name, count in (samples or {"O-1_maze": 5}).items()
        ),
    )


def domain_of(generator: str) -> str:
    """The domain that `build_run` gives a generator's samples."""
    return generator.partition("_")[2] or generator


def sample_files(plan: Plan, generator: str, index: int) -> dict[str, bytes]:
    """The files of a sample: a function of run seed, generator and index alone."""
    planned = plan.generator(generator)
    block, position = divmod(index, planned.block_size)
    seed = block_seed(plan.seed, generator, block)
    shade = seed + position
    domain = domain_of(generator)
    metadata = {
        "task_id": layout.sample_id(domain, index),
        "generator": generator,
        "domain": domain,
        "generation": {"seed": seed, "block": block, "position": position},
        "param_hash": "",
        "generator_metadata": "{}",
    }
    return {
        "final_frame.png": png(shade + 1),
        "first_frame.png": png(shade),
        "ground_truth.mp4": video(shade % 5),
        "metadata.json": json.dumps(metadata, sort_keys=True).encode(),
        "prompt.txt": f"Move the {shade % 97} to the goal.\n".encode(),
    }


def png(number: int) -> bytes:
    """A PNG file of 16 x 16 pixels in a colour that depends on `number`."""
    colour = (number % 251, number // 251 % 251, number // 63001 % 251)
    body = io.BytesIO()
    Image.new("RGB", (16, 16), colour).save(body, "PNG")
    return body.getvalue()


@cache
def video(number: int) -> bytes:
    """An H.264 file of FRAMES frames, PIXELS wide and high."""
    body = io.BytesIO()
    with av.open(body, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=8)
        stream.width = stream.height = PIXELS
        stream.pix_fmt = "yuv420p"
        stream.codec_context.thread_count = 1
        for at in range(FRAMES):
            pixels = np.full((PIXELS, PIXELS, 3), 40 * number + at, np.uint8)
            for packet in stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
    return body.getvalue()


def build_run(
    store: ObjectStore,
    plan: Plan,
    *,
    skip: Collection[tuple[str, int]] = (),
    failed: Collection[tuple[str, int]] = (),
    change: Change = lambda _index, _files: None,
) -> list[ShardManifest]:
    """Store the plan and commit its shards.

    Args:
        store: the run's store.
        plan: what to build.
        skip: (generator, shard) pairs that stay uncommitted.
        failed: (generator, index) pairs of samples that failed.
        change: may change a sample's files before they are written.
    """
    put_object(store, layout.PLAN, plan.to_json())
    manifests = []
    for planned in plan.generators:
        for number in range(planned.shards):
            if (planned.name, number) not in skip:
                shard = planned.shard(number)
                manifests.append(_commit(store, plan, shard, failed, change))
    return manifests


def build_finished_run(
    store: ObjectStore,
    plan: Plan,
    *,
    failed: Collection[tuple[str, int]] = (),
    change: Change = lambda _index, _files: None,
) -> DatasetSummary:
    """A whole run with dataset.json, index and `_SUCCESS`; see `build_run`."""
    build_run(store, plan, failed=failed, change=change)
    summary, _ = summarise(store, plan, detect=False)
    succeed(store, summary)
    return summary


def put_object(store: ObjectStore, key: str, body: bytes) -> None:
    """Write an object that must not exist yet."""
    assert store.put_new(key, body, sha256=hashlib.sha256(body).hexdigest())


def commit_shard(store: ObjectStore, plan: Plan, generator: str, number: int) -> None:
    """Write a shard again as a worker does: what is missing, and what has other bytes."""
    made = MemoryStore()
    shard = plan.generator(generator).shard(number)
    _commit(made, plan, shard, (), lambda _index, _files: None)
    for key, body in made.objects.items():
        info = store.head(key)
        if info is not None and info.sha256 != hashlib.sha256(body).hexdigest():
            store.delete(key)
        store.put_new(key, body, sha256=hashlib.sha256(body).hexdigest())


def _commit(
    store: ObjectStore,
    plan: Plan,
    shard: ShardRange,
    failed: Collection[tuple[str, int]],
    change: Change,
) -> ShardManifest:
    with tempfile.TemporaryDirectory() as folder:
        draft, pending = draft_shard(plan, shard, Path(folder), failed=failed, change=change)
        for item in pending:
            store.put_new(item.key, item.path, sha256=item.sha256, content_type=item.content_type)
    put_object(store, layout.commit_key(shard.generator, shard.shard), draft.encode())
    return draft.manifest


def draft_shard(
    plan: Plan,
    shard: ShardRange,
    scratch: Path,
    *,
    failed: Collection[tuple[str, int]] = (),
    change: Change = lambda _index, _files: None,
) -> tuple[MarkerDraft, list[PendingObject]]:
    """A generated shard before its commit: its marker, and its data objects in a folder."""
    planned = plan.generator(shard.generator)
    left_out = [at for at in range(shard.start, shard.stop) if (shard.generator, at) in failed]
    writer = format_of(plan.output.format).open_writer(scratch, shard)
    records: list[Record] = []
    for index in range(shard.start, shard.stop):
        if index in left_out:
            failure = FailedSample(index=index, reason="EmptyPrompt", message="no text")
            records.append(failure)
            continue
        files = sample_files(plan, shard.generator, index)
        change(index, files)
        sources = _write(scratch / "in" / str(index), files)
        packed = writer.add(index, domain_of(shard.generator), sources)
        record = _record(plan, shard.generator, index, files)
        records.append(record.model_copy(update={"files": packed}))
    pending = list(writer.finish())
    archive, objects = describe_data(plan.output.format, [item.data_object() for item in pending])
    manifest = ShardManifest(
        plan=plan.hash,
        generator=shard.generator,
        digest=planned.digest,
        shard=shard.shard,
        start=shard.start,
        stop=shard.stop,
        format=plan.output.format,
        archive=archive,
        files=objects,
        samples=len(records) - len(left_out),
        failed_samples=len(left_out),
        attempt=Attempt(architecture="x86_64"),
        records=describe_records(record.to_json() for record in records),
    )
    dropped = [record for record in records if isinstance(record, FailedSample)]
    lines = tuple(record.to_json() for record in records)
    return MarkerDraft(with_dropped(manifest, dropped), lines), pending


def _write(folder: Path, files: Mapping[str, bytes]) -> list[SourceFile]:
    folder.mkdir(parents=True)
    sources = []
    for name, body in files.items():
        (folder / name).write_bytes(body)
        digest = hashlib.sha256(body).hexdigest()
        sources.append(SourceFile(name, folder / name, len(body), digest))
    return sources


def _record(plan: Plan, generator: str, index: int, files: Mapping[str, bytes]) -> SampleRecord:
    block = index // plan.generator(generator).block_size
    video_record = VideoRecord(
        name="ground_truth.mp4",
        frames=FRAMES,
        fps=8.0,
        width=PIXELS,
        height=PIXELS,
        encoder=encoder_of(files.get("ground_truth.mp4", b"")),
    )
    return SampleRecord(
        index=index,
        id=layout.sample_id(domain_of(generator), index),
        domain=domain_of(generator),
        block=block,
        seed=block_seed(plan.seed, generator, block),
        files=(),
        video=video_record if "ground_truth.mp4" in files else None,
        content=content_of(files),
        param_hash="",
    )
