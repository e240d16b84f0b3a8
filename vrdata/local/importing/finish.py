"""Finish an import: lay out the samples of its run, and describe them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import Field

from vrdata.api.status import FailureGroup
from vrdata.contract.groups import group_text
from vrdata.local.finish import RunSummary
from vrdata.local.importing.places import Places
from vrdata.local.importing.records import FAILURES, import_record, write_records
from vrdata.local.importing.request import ImportRequest
from vrdata.local.importing.tree import Tree
from vrdata.local.run import Prepared
from vrdata.model import Model
from vrdata.sources.parts import stored_parts
from vrdata.text import count


class ImportSummary(Model):
    """How an import ended (`vrdata import -o json`).

    Attributes:
        dataset: the known dataset, or the URL or path.
        phase: `Succeeded` or `Failed`.
        output: the folder of the samples.
        revision: the commit of a Hub dataset, or "".
        samples: samples of this import in the output.
        created: those that were not there before.
        domains: samples by folder.
        failed_samples: items that were skipped.
        failures: why, in groups.
        failures_file: lists them, or "".
        dataset_hash: as `vrdata verify OUTPUT` prints it, if there are no other samples.
        kept: files of vrdata's names that others wrote; they are as before.
        report: the page about the run.
        exit_code: of the command.
    """

    dataset: str
    phase: str
    output: str
    revision: str = ""
    samples: int = 0
    created: int = 0
    domains: dict[str, int] = Field(default_factory=dict)
    failed_samples: int = 0
    failures: tuple[FailureGroup, ...] = ()
    failures_file: str = ""
    dataset_hash: str = ""
    kept: tuple[str, ...] = ()
    report: str = ""
    exit_code: int

    def lines(self) -> list[str]:
        """The summary for a person."""
        new = f"{self.created} new, {self.samples - self.created} already there"
        lines = [f"{self.phase}: {count(self.samples, 'sample')} in {self.output} ({new})"]
        lines += [f"    {folder}: {number}" for folder, number in sorted(self.domains.items())]
        if self.failed_samples:
            listed = f", listed in {self.failures_file}" if self.failures_file else ""
            lines.append(f"skipped: {count(self.failed_samples, 'item')}{listed}")
        lines += [f"skipped: {group_text(group)}" for group in self.failures]
        lines += [f"kept as it was: {path}" for path in self.kept]
        if self.revision:
            lines.append(f"revision: {self.revision}")
        return [*lines, f"dataset hash: {self.dataset_hash}", f"report: {self.report}"]


def finish_import(
    prepared: Prepared, summary: RunSummary, request: ImportRequest, places: Places
) -> ImportSummary:
    """Lay out the samples of a finished run in the output, and describe them.

    Raises:
        OutputConflictError: something else is where a sample belongs; nothing was changed.
        StorageError, OSError: the disk cannot be used; the same import continues.
    """
    plan, name = prepared.plan, prepared.run.metadata.name
    tree = Tree(
        prepared.store,
        Path(prepared.store.url),
        plan,
        tuple(item.name for item in prepared.run.spec.generators),
        places.output,
        places.partial / name,
        request.sample_id,
    )
    found = tree.write()
    record = import_record(
        request,
        plan.generators,
        plan=plan.hash,
        samples=found.samples,
        failed_samples=summary.failed_samples,
        dataset_hash=found.dataset_hash,
    )
    kept = write_records(places, name, record, _failures(prepared, request, tree))
    failures = places.output / FAILURES
    return ImportSummary(
        dataset=request.dataset,
        phase=summary.phase,
        output=str(places.output),
        revision=record.revision,
        samples=found.samples,
        created=found.created,
        domains=found.domains,
        failed_samples=summary.failed_samples,
        failures=summary.failures,
        failures_file=str(failures) if summary.failed_samples and failures not in kept else "",
        dataset_hash=found.dataset_hash,
        kept=tuple(map(str, kept)),
        report=summary.report,
        exit_code=summary.exit_code,
    )


def _failures(prepared: Prepared, request: ImportRequest, tree: Tree) -> Iterator[dict[str, Any]]:
    """One line of failures.jsonl for each skipped item."""
    keys: Iterator[tuple[int, str]] = iter(())
    generator, at, key = "", -1, ""
    for planned, sample, failed in tree.failed():
        if planned.name != generator:
            generator, at, key = planned.name, -1, ""
            keys = _keys(prepared, generator, planned.start, planned.stop)
        while at < failed.index:
            at, key = next(keys)
        source = planned.source
        yield {
            "id": sample,
            "dataset": request.dataset,
            "config": source.config if source else "",
            "split": source.split if source else "",
            "item": failed.index,
            "key": key,
            "reason": failed.reason,
            "message": failed.message,
        }


def _keys(prepared: Prepared, generator: str, start: int, stop: int) -> Iterator[tuple[int, str]]:
    """The index and the key of each item of a generator, in order."""
    for part in stored_parts(prepared.store, generator, start, stop):
        for item in range(max(part.first, start), min(part.first + part.items, stop)):
            yield item, part.key(item)
