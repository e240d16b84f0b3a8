"""Export a finished run: checked, resumable, with flat memory, without overwriting anything."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from vrdata.dataset.finish.summary import DatasetSummary, require_finished
from vrdata.dataset.plans import load_plan
from vrdata.errors import InvalidInputError
from vrdata.export.layouts.base import Layout
from vrdata.export.samples import iter_samples, require_fitting
from vrdata.export.targets.base import Entry, Target
from vrdata.plan.planned import Plan
from vrdata.store.port import ObjectStore
from vrdata.text import count
from vrdata.transfer.result import TransferResult


@dataclass(frozen=True, slots=True)
class Exported:
    """The result of an export, or its progress.

    Attributes:
        url: where it is.
        layout: its layout.
        samples: exported samples.
        failed_samples: samples that the run does not have.
        written: files that were written; an archive is one file.
        skipped: files that existed with equal bytes.
        bytes: of the written files.
    """

    url: str
    layout: str
    samples: int = 0
    failed_samples: int = 0
    written: int = 0
    skipped: int = 0
    bytes: int = 0

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        fields = asdict(self)
        fields["failedSamples"] = fields.pop("failed_samples")
        return fields


def export(
    run: ObjectStore,
    layout: Layout,
    target: Target,
    *,
    report: Callable[[Exported], None] = lambda _: None,
) -> Exported:
    """Write the samples of a finished run in a layout. An interrupted export continues.

    All samples are checked for missing files before anything is written.

    Args:
        run: the run's own store.
        layout: which file is where.
        target: where to.
        report: called with the result so far after each sample.

    Raises:
        NotFoundError: the run is not finished, or lacks data.
        OutputConflictError: something else is at the target; it is as before.
        DigestMismatchError: data of the run differs from its commit marker.
        InvalidInputError: a sample does not have what the layout needs, or markers or metadata
            of the run are damaged.
        StorageError: run or target cannot be used; files that were written stay.
    """
    plan, summary = load_plan(run), require_finished(run)
    require_fitting(run, plan, layout)
    with ExitStack() as stack:
        scratch = stack.enter_context(tempfile.TemporaryDirectory(prefix="vrdata-export-"))
        lines = stack.enter_context(Path(scratch, "lines").open("wb"))
        work = _Work(run, plan, summary, layout, target.url, lines, report)
        for copied in target.write(work.entries(), work.last()):
            work.copied = work.copied.plus(copied)
    return work.result()


class _Work:
    """The files of an export, and what is done; the lines of samples are collected on the disk."""

    def __init__(  # noqa: PLR0913 - what an export is made of
        self,
        run: ObjectStore,
        plan: Plan,
        summary: DatasetSummary,
        layout: Layout,
        url: str,
        lines: IO[bytes],
        report: Callable[[Exported], None],
    ) -> None:
        self._run, self._plan, self._summary, self._layout = run, plan, summary, layout
        self._url, self._lines, self._report = url, lines, report
        self._samples = 0
        self.copied = TransferResult()

    def entries(self) -> Iterator[Entry]:
        for sample in iter_samples(self._run, self._plan):
            yield from self._layout.files(sample)
            if self._layout.lines:
                self._lines.write(self._layout.line(sample))
            self._samples += 1
            self._report(self.result())

    def last(self) -> Iterator[Entry]:
        """What is written after all samples, which are now counted."""
        if self._samples != self._summary.samples:
            raise InvalidInputError(
                f"the markers of {self._run.url} have {count(self._samples, 'sample')}",
                why=f"its dataset.json says {self._summary.samples}",
                fix="list everything that is damaged: vrdata verify",
            )
        if self._layout.lines:
            self._lines.flush()
            yield self._layout.lines, Path(self._lines.name)

    def result(self) -> Exported:
        return Exported(
            url=self._url,
            layout=self._layout.name,
            samples=self._samples,
            failed_samples=self._summary.failed_samples,
            written=self.copied.transferred,
            skipped=self.copied.skipped,
            bytes=self.copied.bytes,
        )
