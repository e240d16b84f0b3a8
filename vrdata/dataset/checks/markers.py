"""Compare a commit marker with its plan. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from vrdata.dataset import layout
from vrdata.dataset.checks.problems import Problem, problem
from vrdata.dataset.formats.registry import format_of
from vrdata.dataset.manifest import FileObjects, Record, SampleRecord, ShardManifest
from vrdata.plan.planned import Plan, PlannedGenerator
from vrdata.plan.seeds import block_seed
from vrdata.text import count

Report = Callable[[Problem], None]


def head_problems(plan: Plan, plan_hash: str, manifest: ShardManifest) -> Iterator[Problem]:
    """How a marker's first line contradicts the plan.

    Args:
        plan: the run's plan; it has this shard.
        plan_hash: `plan.hash`, computed once for all markers.
        manifest: the marker's first line.
    """
    where = layout.commit_key(manifest.generator, manifest.shard)
    if manifest.plan != plan_hash:
        message = f"it belongs to the plan {manifest.plan}, not {plan_hash}"
        yield problem("ForeignPlan", where, message)
        return  # everything else would only repeat this
    planned = plan.generator(manifest.generator)
    shard = planned.shard(manifest.shard)
    archive = next(format_of(plan.output.format).keys(shard, ()), "")
    for name, found, expected in (
        ("digest", manifest.digest, planned.digest),
        ("start", manifest.start, shard.start),
        ("stop", manifest.stop, shard.stop),
        ("format", manifest.format, plan.output.format),
        ("archive", manifest.archive.key if manifest.archive else "", archive),
    ):
        if found != expected:
            yield problem("WrongMarker", where, f"{name} is {found}, the plan says {expected}")


def checked_records(
    plan: Plan,
    plan_hash: str,
    manifest: ShardManifest,
    records: Iterable[Record],
    report: Report,
) -> Iterator[Record]:
    """A marker's records, unchanged; `report` gets what contradicts the plan or the first line.

    Of a marker of another plan nothing is reported: `head_problems` says so. Memory does not
    grow with the records.
    """
    if manifest.plan != plan_hash:
        yield from records
        return
    check = _RecordCheck(plan, manifest, report)
    for record in records:
        check.add(record)
        yield record
    check.finish()


class _RecordCheck:
    """Compares the records of one marker, in their order, with its shard."""

    def __init__(self, plan: Plan, manifest: ShardManifest, report: Report) -> None:
        self._manifest = manifest
        self._report = report
        self._where = layout.commit_key(manifest.generator, manifest.shard)
        self._seed = plan.seed
        self._planned = plan.generator(manifest.generator)
        self._shard = self._planned.shard(manifest.shard)
        self._next = self._shard.start
        self._missing: list[int] = []
        self._missing_count = 0
        self._misplaced: int | None = None
        self._samples = self._failed = self._files = self._bytes = 0

    def add(self, record: Record) -> None:
        self._place(record.index)
        if isinstance(record, SampleRecord):
            self._samples += 1
            self._files += len(record.files)
            self._bytes += sum(file.size for file in record.files)
            wrong = _sample_problem(record, self._seed, self._planned)
            if wrong:
                self._problem("WrongMarker", f"sample {record.index}: {wrong}")
        else:
            self._failed += 1

    def finish(self) -> None:
        self._skip_to(self._shard.stop)
        if self._misplaced is not None:
            message = (
                f"the record of sample {self._misplaced} is out of order, is there twice, or "
                "belongs to another shard"
            )
            self._problem("WrongSamples", message)
        elif self._missing_count:
            first = ", ".join(map(str, self._missing))
            message = f"{count(self._missing_count, 'sample')} without a record, first {first}"
            self._problem("WrongSamples", message)
        manifest = self._manifest
        for name, found, counted in (
            ("samples", manifest.samples, self._samples),
            ("failedSamples", manifest.failed_samples, self._failed),
        ):
            if found != counted:
                message = f"{name} is {found} in its first line, its records are {counted}"
                self._problem("WrongMarker", message)
        counted_files = FileObjects(objects=self._files, bytes=self._bytes)
        if manifest.files is not None and manifest.files != counted_files:
            message = (
                f"files is {count(manifest.files.objects, 'object')} of "
                f"{manifest.files.bytes} bytes in its first line, "
                f"its records have {self._files} of {self._bytes}"
            )
            self._problem("WrongMarker", message)

    def _place(self, index: int) -> None:
        if self._next <= index < self._shard.stop:
            self._skip_to(index)
            self._next = index + 1
        elif self._misplaced is None:
            self._misplaced = index

    def _skip_to(self, index: int) -> None:
        self._missing_count += index - self._next
        self._missing += range(self._next, min(index, self._next + 3 - len(self._missing)))
        self._next = index

    def _problem(self, kind: str, message: str) -> None:
        self._report(problem(kind, self._where, message))


def _sample_problem(sample: SampleRecord, run_seed: int, planned: PlannedGenerator) -> str:
    names = [file.name for file in sample.files]
    if sample.id != layout.sample_id(sample.domain, sample.index):
        return f"its id is {sample.id}"
    if sample.block != sample.index // planned.block_size:
        return f"its block is {sample.block}"
    if sample.seed != block_seed(run_seed, planned.name, sample.block):
        return f"its seed is {sample.seed}"
    if names != sorted(set(names)) or any("/" in name or not name for name in names):
        return "its file names are not sorted, unique and plain"
    return ""
