"""Check a finished or unfinished run from its bytes alone."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice

from vrdata.dataset import layout
from vrdata.dataset.decode import Decoder
from vrdata.dataset.hashing import DatasetHasher
from vrdata.dataset.manifest import SampleRecord, ShardManifest
from vrdata.dataset.reader import iter_commits, iter_samples, load_manifest, load_plan
from vrdata.errors import VrdataError
from vrdata.model import Model
from vrdata.plan.model import Plan
from vrdata.store.port import ObjectNotFoundError, ObjectStore
from vrdata.store.streaming import sha256_object

MAX_LISTED = 100
WINDOW = 8  # shards read ahead of the one that is added up


class ProblemRecord(Model):
    """One thing that is wrong: a CamelCase kind, where, and what."""

    kind: str
    where: str
    message: str


class VerifyReport(Model):
    """What verification found (`vrdata verify -o json`)."""

    ok: bool
    output: str
    plan: str = ""
    samples: int = 0
    failed_samples: int = 0
    shards: int = 0
    bytes: int = 0
    dataset_hash: str = ""
    finished: bool = False
    problems: tuple[ProblemRecord, ...] = ()
    problem_counts: dict[str, int]


@dataclass(slots=True)
class _ShardResult:
    manifest: ShardManifest | None
    problems: list[ProblemRecord] = field(default_factory=list)
    files: list[tuple[str, str, str]] = field(default_factory=list)


def verify(
    store: ObjectStore,
    *,
    decode: bool = True,
    jobs: int = 2,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> VerifyReport:
    """Check every shard of a run.

    Args:
        store: the run's store.
        decode: also decode every PNG and the start of every video.
        jobs: shards checked at once.
        progress: told of shards done and of all shards.

    Raises:
        NotFoundError: there is no run.
        StorageError: the store cannot be used.
    """
    plan = load_plan(store)
    planned = [(p.name, shard) for p in plan.generators for shard in range(p.shards)]
    committed = set(iter_commits(store))
    problems = [
        ProblemRecord(
            kind="ForeignMarker", where=layout.commit_key(*extra), message="not in the plan"
        )
        for extra in sorted(committed - set(planned))
    ]
    counts: Counter[str] = Counter()
    checker = _ShardChecker(store, plan, Decoder() if decode else None)
    with DatasetHasher() as hasher, ThreadPoolExecutor(jobs) as pool:
        for done, result in enumerate(_ahead(pool, checker.check, planned, committed), start=1):
            problems += result.problems[:MAX_LISTED]
            _add(counts, result, hasher)
            progress(done, len(planned))
        digest = hasher.hexdigest()
    finished = store.head(layout.SUCCESS) is not None
    problems += _summary_problems(store, digest, finished=finished)
    return VerifyReport(
        ok=not problems,
        output=store.url,
        plan=plan.hash,
        samples=counts["samples"],
        failed_samples=counts["failed"],
        shards=counts["shards"],
        bytes=counts["bytes"],
        dataset_hash=digest,
        finished=finished,
        problems=tuple(problems[:MAX_LISTED]),
        problem_counts=dict(Counter(problem.kind for problem in problems)),
    )


def _ahead(
    pool: ThreadPoolExecutor,
    check: Callable[[tuple[str, int], bool], _ShardResult],
    planned: list[tuple[str, int]],
    committed: set[tuple[str, int]],
) -> Iterator[_ShardResult]:
    """Results in plan order, with a bounded number of shards in work."""
    waiting = iter(planned)
    running = [pool.submit(check, one, one in committed) for one in islice(waiting, WINDOW)]
    while running:
        yield running.pop(0).result()
        running += [pool.submit(check, one, one in committed) for one in islice(waiting, 1)]


class _ShardChecker:
    """Checks one shard: marker, objects, members, media."""

    def __init__(self, store: ObjectStore, plan: Plan, decoder: Decoder | None) -> None:
        self._store = store
        self._plan = plan
        self._plan_hash = plan.hash
        self._decoder = decoder

    def check(self, which: tuple[str, int], committed: bool) -> _ShardResult:
        """Everything that is wrong with a shard."""
        where = f"{which[0]} shard {which[1]}"
        if not committed:
            return _ShardResult(
                None, [ProblemRecord(kind="MissingShard", where=where, message="not committed")]
            )
        try:
            manifest = load_manifest(self._store, *which)
        except VrdataError as error:
            return _ShardResult(
                None, [ProblemRecord(kind="BadMarker", where=where, message=str(error))]
            )
        result = _ShardResult(manifest)
        self._check_marker(manifest, where, result)
        self._check_objects(manifest, result)
        try:
            for sample, files in iter_samples(self._store, manifest):
                self._check_sample(sample, files, result)
        except VrdataError as error:
            _note(result, "DamagedData", where, str(error))
        return result

    def _check_marker(self, manifest: ShardManifest, where: str, result: _ShardResult) -> None:
        shard = self._plan.generator(manifest.generator).shard(manifest.shard)
        if manifest.plan != self._plan_hash:
            _note(result, "ForeignPlan", where, f"belongs to plan {manifest.plan}")
        indexes = [one.index for one in manifest.samples] + [one.index for one in manifest.failed]
        if sorted(indexes) != list(range(shard.start, shard.stop)):
            expected = f"exactly the samples {shard.start} to {shard.stop - 1}"
            _note(result, "WrongSamples", where, f"does not hold {expected}")

    def _check_objects(self, manifest: ShardManifest, result: _ShardResult) -> None:
        if manifest.format == "files":
            return  # each file is an object and is read below
        for item in manifest.data:
            try:
                digest = sha256_object(self._store, item.key, item.size)
            except ObjectNotFoundError:
                _note(result, "MissingObject", item.key, "is not there")
                continue
            if digest != item.sha256:
                _note(result, "ChecksumMismatch", item.key, "has other bytes than its marker says")

    def _check_sample(
        self, sample: SampleRecord, files: dict[str, bytes], result: _ShardResult
    ) -> None:
        for record in sample.files:
            where = f"{sample.id}/{record.name}"
            body = files.get(record.name)
            if body is None:
                _note(result, "MissingFile", where, "is not there")
                continue
            digest = hashlib.sha256(body).hexdigest()
            result.files.append((sample.id, record.name, digest))
            if digest != record.sha256:
                _note(result, "ChecksumMismatch", where, "has other bytes than its marker says")
            elif (wrong := self._content_problem(sample, record.name, body)) is not None:
                _note(result, wrong[0], where, wrong[1])

    def _content_problem(
        self, sample: SampleRecord, name: str, body: bytes
    ) -> tuple[str, str] | None:
        if name == "prompt.txt":
            return _prompt_problem(body)
        if name == "metadata.json":
            return _metadata_problem(sample, body)
        if self._decoder is None:
            return None
        frames = sample.video.frames if sample.video and sample.video.name == name else None
        return self._decoder.problem(name, body, frames)


def _prompt_problem(body: bytes) -> tuple[str, str] | None:
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        return "PromptNotUtf8", str(error)
    return None if text.strip() else ("EmptyPrompt", "holds no text")


def _metadata_problem(sample: SampleRecord, body: bytes) -> tuple[str, str] | None:
    try:
        found = json.loads(body)
    except ValueError as error:
        return "BadMetadata", str(error)
    told = found.get("task_id") if isinstance(found, dict) else None
    return None if told == sample.id else ("BadMetadata", f"task_id is {told!r}")


def _summary_problems(store: ObjectStore, digest: str, *, finished: bool) -> list[ProblemRecord]:
    if not finished:
        message = "the run is not finished: there is no _SUCCESS; run it again"
        return [ProblemRecord(kind="NotFinished", where=layout.SUCCESS, message=message)]
    try:
        told = json.loads(store.get(layout.DATASET)).get("datasetHash")
    except (ObjectNotFoundError, ValueError, AttributeError):
        told = None
    if told == digest:
        return []
    message = f"says {told}, the bytes give {digest}"
    return [ProblemRecord(kind="HashMismatch", where=layout.DATASET, message=message)]


def _add(counts: Counter[str], result: _ShardResult, hasher: DatasetHasher) -> None:
    if result.manifest is None:
        return
    counts["shards"] += 1
    counts["samples"] += len(result.manifest.samples)
    counts["failed"] += len(result.manifest.failed)
    counts["bytes"] += result.manifest.bytes
    for sample_id, name, sha256 in result.files:
        hasher.add(sample_id, name, sha256)


def _note(result: _ShardResult, kind: str, where: str, message: str) -> None:
    result.problems.append(ProblemRecord(kind=kind, where=where, message=message))
