"""Finalise runs of 10^3 and 10^4 shards of 300 samples, and read the indexes of the larger one.

Markers are synthetic, data objects are real but tiny files: what is measured is finalisation from
markers to `_SUCCESS`, report included, in a fresh process. Takes some minutes and 5 GB of disk.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from benchmarks.measure import Goal, Options, Row
from vrdata.dataset import layout
from vrdata.dataset.codec import describe_records, encode_marker
from vrdata.dataset.formats.registry import format_of
from vrdata.dataset.manifest import Attempt, DataObject, ShardManifest
from vrdata.plan.planned import Plan, PlannedGenerator, PlannedOutput, Shard
from vrdata.plan.seeds import block_seed

FEW, MANY = 1_000, 10_000
GENERATORS = 10
BLOCK, BLOCKS = 100, 3
DEADLINE_SECONDS = 3600
FILES = ("final_frame.png", "first_frame.png", "ground_truth.mp4", "metadata.json", "prompt.txt")
DIGITS = 64  # of a hex sha256

RATE = Goal(3000, at_least=True, unit=" samples per CPU second")
MEMORY = Goal(1.2, at_least=False)
READ = Goal(10, at_least=False, unit=" s")

_FINALISE = """
import json, sys, time
from pathlib import Path
from vrdata.dataset.outputs import close_run
from vrdata.dataset.plans import load_plan
from vrdata.store.opening import open_store

store = open_store(sys.argv[1])
start = time.perf_counter()
summary = close_run(store, load_plan(store), detect=False)
seconds = time.perf_counter() - start
cpu = time.process_time()
peak = Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]
print(json.dumps([summary.samples, seconds, cpu, int(peak) * 1024]))
"""
_READ = {
    "pyarrow": """
import json, sys, time
import pyarrow.dataset as ds
start = time.perf_counter()
table = ds.dataset(sys.argv[1], format="parquet").to_table(["generator", "video_frames"])
sums = table.group_by("generator").aggregate([("video_frames", "sum")])
print(json.dumps([table.num_rows, time.perf_counter() - start]))
""",
    "duckdb": """
import json, sys, time
import duckdb
start = time.perf_counter()
query = "SELECT count(*), sum(video_frames), count(DISTINCT object) FROM read_parquet(?)"
rows = duckdb.execute(query, [sys.argv[1] + "/*.parquet"]).fetchall()[0][0]
print(json.dumps([rows, time.perf_counter() - start]))
""",
}


class Finalised(NamedTuple):
    """The cost of one finalisation.

    Attributes:
        samples: samples of the run.
        seconds: wall seconds.
        cpu: CPU seconds of the process.
        peak: resident peak of the process in bytes.
    """

    samples: int
    seconds: float
    cpu: float
    peak: int


def rows(options: Options) -> Iterator[Row]:
    """One measurement of each size, whatever the number of repeats."""
    del options
    with tempfile.TemporaryDirectory() as name:
        small = _finalise(_write_run(Path(name) / "few", FEW))
        folder = _write_run(Path(name) / "many", MANY)
        large = _finalise(folder)
        meaning = f"{MANY} shards of {BLOCK * BLOCKS} samples ({large.seconds:.0f} s on the clock)"
        yield Row("finalise.rate", meaning, RATE, (large.samples / large.cpu,))
        peaks = f"{large.peak / 2**20:.0f} MiB at {MANY} shards / {small.peak / 2**20:.0f} at {FEW}"
        yield Row("finalise.memory", f"peak, {peaks}", MEMORY, (large.peak / small.peak,))
        for reader, code in _READ.items():
            found, seconds = _output(code, folder / layout.INDEX)
            if found != large.samples:
                raise RuntimeError(f"{reader} reads {found} of {large.samples} rows")
            meaning = f"{found} rows of {GENERATORS} files, by {reader}"
            yield Row(f"finalise.{reader}", meaning, READ, (seconds,))


def _finalise(folder: Path) -> Finalised:
    return Finalised(*_output(_FINALISE, folder))


def _output(code: str, folder: Path) -> list[float]:
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)],
        stdout=subprocess.PIPE,
        timeout=DEADLINE_SECONDS,
        check=True,
    )
    answer: list[float] = json.loads(done.stdout)
    return answer


def _write_run(folder: Path, shards: int) -> Path:
    """A run whose shards are all committed, written without a store: nothing is synced."""
    plan = Plan(
        namespace="default",
        run="large",
        seed=42,
        output=PlannedOutput(format="webdataset", video="h264"),
        generators=tuple(
            PlannedGenerator(
                name=f"O-{number}_synthetic",
                generator_class="O",
                digest="sha256:" + "0" * DIGITS,
                samples=shards // GENERATORS * BLOCK * BLOCKS,
                block_size=BLOCK,
                shard_blocks=BLOCKS,
            )
            for number in range(GENERATORS)
        ),
    )
    _write(folder / layout.PLAN, plan.to_json())
    plan_hash = plan.hash
    for shard in plan.all_shards():
        _write_shard(folder, plan, plan_hash, shard)
    return folder


def _write_shard(folder: Path, plan: Plan, plan_hash: str, shard: Shard) -> None:
    planned = plan.generator(shard.generator)
    place = planned.shard(shard.number)
    body = f"{shard.generator} {shard.number}".encode()
    (key,) = format_of(plan.output.format).keys(place, ())
    _write(folder / key, body)
    records = [
        _record(index, block, block_seed(plan.seed, shard.generator, block))
        for block in range(place.first_block, place.last_block)
        for index in range(block * BLOCK, (block + 1) * BLOCK)
    ]
    manifest = ShardManifest(
        plan=plan_hash,
        generator=shard.generator,
        digest=planned.digest,
        shard=shard.number,
        start=place.start,
        stop=place.stop,
        format=plan.output.format,
        archive=DataObject(key=key, size=len(body), sha256=sha256(body).hexdigest()),
        samples=len(records),
        attempt=Attempt(architecture="x86_64"),
        records=describe_records(records),
    )
    _write(folder / layout.commit_key(*shard), encode_marker(manifest, records))


def _record(index: int, block: int, seed: int) -> bytes:
    """A sample record with random digests, as JSON."""
    digests = os.urandom((len(FILES) + 1) * DIGITS // 2).hex()
    files = ",".join(
        f'{{"name":"{name}","size":1000,"sha256":"{digests[at * DIGITS : (at + 1) * DIGITS]}"'
        f',"offset":{512 + at * 2048}}}'
        for at, name in enumerate(FILES)
    )
    video = (
        '{"name":"ground_truth.mp4","frames":48,"fps":16.0,"width":512,"height":512,'
        '"encoder":"x264 medium crf23 yuv420p"}'
    )
    return (
        f'{{"kind":"Sample","index":{index},"id":"synthetic_{index:08d}","domain":"synthetic",'
        f'"block":{block},"seed":{seed},"files":[{files}],"video":{video},'
        f'"content":"{digests[-DIGITS:]}","paramHash":""}}'
    ).encode()


def _write(path: Path, body: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
