"""The end of a local run: finalise it if it is complete, and summarise the result."""

from __future__ import annotations

from pydantic import Field

from vrdata.api.status import FailureGroup
from vrdata.contract.groups import FailureGroups, group_text
from vrdata.contract.reasons import FailureReason
from vrdata.dataset import layout
from vrdata.dataset.finish.duplicates import DuplicateExample, duplicates_line
from vrdata.dataset.finish.summary import DatasetSummary
from vrdata.dataset.manifest import unit_of
from vrdata.dataset.plans import keep_plan
from vrdata.errors import ExitCode
from vrdata.local.execution.executor import ExecutionResult
from vrdata.local.progress import duration
from vrdata.local.run import Prepared
from vrdata.model import Model
from vrdata.text import count

MAX_NONDETERMINISTIC = 20  # object keys in the summary
_FIX_OF_SERVICE = {
    FailureReason.STORAGE_UNAVAILABLE: "make the store and the scratch folder usable and repeat "
    "the command",
    FailureReason.SOURCE_UNAVAILABLE: "make the source readable and repeat the command",
}
_FIX_OF_ALL = {
    FailureReason.NOT_DETERMINISTIC: "use another metadata.name: this machine generates other "
    "bytes than those stored",
    FailureReason.SOURCE_CHANGED: "use another metadata.name: the source has changed since the "
    "run began; or restore its files and repeat the command",
}


class RunSummary(Model):
    """How a local run ended (`vrdata run -o json`).

    Attributes:
        file_names: names of the samples' files; of an incomplete run none.
    """

    run: str
    namespace: str
    phase: str
    plan: str
    output: str
    samples: int
    failed_samples: int = 0
    shards: int
    generated_shards: int
    restored_shards: int = 0
    failed_shards: int = 0
    seconds: float
    dataset_hash: str = ""
    report: str = ""
    empty_generators: tuple[str, ...] = ()
    failures: tuple[FailureGroup, ...] = ()
    fix: str = ""
    nondeterministic: tuple[str, ...] = ()
    duplicates: int = 0
    duplicate_examples: tuple[DuplicateExample, ...] = ()
    file_names: tuple[str, ...] = Field(default=(), exclude=True)
    exit_code: int

    def lines(self) -> list[str]:
        """The summary for a person."""
        unit = unit_of(self.file_names)
        restored = f", {self.restored_shards} restored" if self.restored_shards else ""
        lines = [
            (
                f"{self.phase}: {count(self.samples, unit)} in {count(self.shards, 'shard')}"
                f" ({self.generated_shards} generated now{restored}) in {duration(self.seconds)}"
            )
        ]
        if self.failed_samples:
            over = self.phase == "Failed" and not self.failed_shards and self.samples
            what = "more than failurePolicy.maxFailedSamples" if over else "by failurePolicy"
            lines.append(f"dropped: {count(self.failed_samples, f'failed {unit}')} ({what})")
        lines += [f"no {unit}s: {name}: every {unit} failed" for name in self.empty_generators]
        lines += [
            f"{'dropped' if group.samples else 'failed'}: {group_text(group)}"
            for group in self.failures
        ]
        if self.fix:
            lines.append(f"fix: {self.fix}")
        lines += [f"nondeterministic: {key}" for key in self.nondeterministic]
        if warning := duplicates_line(self.duplicates, self.duplicate_examples, self.file_names):
            lines.append(warning)
        lines.append(f"output: {self.output}")
        if self.dataset_hash:
            lines.append(f"dataset hash: {self.dataset_hash}")
        if self.report:
            lines.append(f"report: {self.report}")
        return lines


def finish(
    prepared: Prepared, result: ExecutionResult, *, seconds: float, detect: bool
) -> RunSummary:
    """Finalise a complete run. An incomplete run keeps its shards and has no `_SUCCESS`.

    Args:
        seconds: seconds since the run started.
        detect: read every data object again, for a store without create-only writes.

    Raises:
        VrdataError: finalisation found the output inconsistent, or the store failed.
    """
    summary = RunSummary(
        run=prepared.run.metadata.name,
        namespace=prepared.run.metadata.namespace,
        phase="Failed",
        plan=prepared.plan.hash,
        output=prepared.store.url,
        samples=sum(prepared.committed_samples().values()) + result.samples,
        failed_samples=result.failed_samples,
        shards=prepared.shards,
        generated_shards=result.committed - result.restored,
        restored_shards=result.restored,
        failed_shards=len(result.failed),
        seconds=round(seconds, 3),
        failures=_failures(result),
        nondeterministic=tuple(result.nondeterministic[:MAX_NONDETERMINISTIC]),
        exit_code=int(ExitCode.FAILED),
    )
    if result.failed:
        unusable = any(one.reason in _FIX_OF_SERVICE for one in result.failed)
        code = ExitCode.STORAGE if unusable else ExitCode.FAILED
        return summary.model_copy(update={"fix": _fix_of_shards(result), "exit_code": int(code)})
    return _finalised(prepared, summary, detect=detect)


def _finalised(prepared: Prepared, summary: RunSummary, *, detect: bool) -> RunSummary:
    dataset = _write_outputs(prepared, detect=detect)
    budget = prepared.run.spec.failure_policy.max_failed_samples
    fix = ""
    if not dataset.samples or dataset.failed_samples > budget:
        phase, code = "Failed", ExitCode.FAILED
        fix = _fix_of_samples(dataset)
    elif dataset.failed_samples:
        phase, code = "Succeeded", ExitCode.PARTIAL
    else:
        phase, code = "Succeeded", ExitCode.OK
    return summary.model_copy(
        update={
            "phase": phase,
            "samples": dataset.samples,
            "failed_samples": dataset.failed_samples,
            "empty_generators": tuple(one.name for one in dataset.generators if not one.samples),
            "failures": dataset.failure_groups,
            "fix": fix,
            "dataset_hash": dataset.dataset_hash,
            "duplicates": dataset.duplicates,
            "duplicate_examples": dataset.duplicate_examples,
            "file_names": dataset.file_names,
            "report": f"{prepared.store.url.rstrip('/')}/{layout.REPORT}index.html",
            "exit_code": int(code),
        }
    )


def _failures(result: ExecutionResult) -> tuple[FailureGroup, ...]:
    """Failed shards, and dropped samples of committed shards."""
    groups = FailureGroups(result.failed)
    groups.merge(result.dropped.all())
    return groups.for_status()


def _fix_of_shards(result: ExecutionResult) -> str:
    """What to do about shards that failed in every attempt."""
    reasons = {failure.reason for failure in result.failed}
    for reason, fix in _FIX_OF_SERVICE.items():
        if reason in reasons:
            return fix
    if len(reasons) == 1 and (own := _FIX_OF_ALL.get(*reasons)):
        return own
    return (
        "fix the cause and repeat the command, or set failurePolicy.maxFailedSamples to drop "
        "failed samples; a changed generator, or other args, needs another metadata.name"
    )


def _fix_of_samples(dataset: DatasetSummary) -> str:
    """What to do about a complete run without enough samples."""
    other = "fix the generator and use another metadata.name"
    if not dataset.samples:
        return other
    return (
        f"set failurePolicy.maxFailedSamples to {dataset.failed_samples} and repeat the command, "
        f"or {other}"
    )


def _write_outputs(prepared: Prepared, *, detect: bool) -> DatasetSummary:
    from vrdata.dataset.outputs import write_outputs  # noqa: PLC0415 - pulls in pyarrow

    budget = prepared.run.spec.failure_policy.max_failed_samples
    keep_plan(prepared.store, prepared.plan)
    return write_outputs(prepared.store, prepared.plan, detect=detect, max_failed=budget)
