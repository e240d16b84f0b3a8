"""The report of a verification, and how findings add up to it. Pure."""

from __future__ import annotations

from collections import Counter
from typing import Literal

from pydantic import Field

from vrdata.api.status import FailureGroup
from vrdata.dataset.checks.problems import Problem, ProblemLog
from vrdata.dataset.finish.duplicates import DuplicateExample
from vrdata.dataset.finish.summary import FileNames
from vrdata.dataset.verify.dropped import DroppedLog, DroppedSample
from vrdata.dataset.verify.sample.check import Findings
from vrdata.dataset.verify.sample.texts import PromptLengths
from vrdata.model import Model

MAX_NAMES = 100


class VerifyReport(Model):
    """The result of a verification (`vrdata verify -o json`).

    Attributes:
        ok: no problem was found.
        kind: `run`, or `tree` for sample folders without vrdata's own objects.
        output: URL of what was verified.
        plan: hash of the plan; "" for a tree.
        finished: `_SUCCESS` exists; always False for a tree.
        samples: samples found.
        failed_samples: samples that commit markers record as failed.
        failures: why, by generator and reason, as in the status of a run.
        dropped_samples: the first 20 of each of these.
        shards: shards whose marker was read; archives of a tree.
        expected_shards: shards of the plan.
        bytes: bytes of the samples' files.
        dataset_hash: hash of the bytes that were read.
        decoded: `no`; `yes` = images and the first frame of videos; `all` = every frame.
        duplicates: samples with the frames and the prompt, or the rows, of an earlier one; None
            when they were not compared.
        duplicate_examples: the first of them.
        index: `verified`, `missing`, `wrong`, or why it was not checked.
        generators: samples by generator.
        files: files by name, at most 100 names.
        images: decoded images by size and mode.
        image_files: the same for each file name.
        prompts: number of prompts without a problem, and their lengths in characters.
        problems: the first 20 of each kind.
        problem_counts: all problems by kind.
    """

    ok: bool
    kind: Literal["run", "tree"]
    output: str
    plan: str = ""
    finished: bool = False
    samples: int = 0
    failed_samples: int = 0
    failures: tuple[FailureGroup, ...] = ()
    dropped_samples: tuple[DroppedSample, ...] = ()
    shards: int = 0
    expected_shards: int = 0
    bytes: int = 0
    dataset_hash: str = ""
    decoded: Literal["no", "yes", "all"] = "yes"
    duplicates: int | None = None
    duplicate_examples: tuple[DuplicateExample, ...] = ()
    index: str = ""
    generators: dict[str, int] = Field(default_factory=dict)
    files: dict[str, int] = Field(default_factory=dict)
    images: dict[str, int] = Field(default_factory=dict)
    image_files: dict[str, dict[str, int]] = Field(default_factory=dict)
    prompts: PromptLengths = Field(default_factory=PromptLengths)
    problems: tuple[Problem, ...] = ()
    problem_counts: dict[str, int] = Field(default_factory=dict)


class Tally:
    """Adds findings up, with bounded memory."""

    def __init__(self) -> None:
        self.problems = ProblemLog()
        self.dropped = DroppedLog()
        self.generators: Counter[str] = Counter()
        self.counts: Counter[str] = Counter()
        self.file_names = FileNames()
        self.duplicates: int | None = None
        self._examples: tuple[DuplicateExample, ...] = ()
        self._names: Counter[str] = Counter()
        self._images: Counter[tuple[str, str]] = Counter()
        self._prompts = PromptLengths()

    def add(self, findings: Findings) -> None:
        """Add what was found in some files."""
        self.problems.merge(findings.problems)
        self.counts["bytes"] += findings.bytes
        self.counts["samples"] += findings.samples
        self.counts["failed"] += findings.dropped.count
        self.dropped.merge(findings.dropped)
        self._names.update(findings.names)
        for name in findings.names:
            self.file_names.add(name)
        self._images.update(findings.images)
        self._prompts = self._prompts.plus(findings.prompts)

    def add_duplicates(self, counts: Counter[int], examples: tuple[DuplicateExample, ...]) -> None:
        """Set what a search for duplicates found."""
        self.duplicates = counts.total()
        self._examples = examples

    def _by_size(self) -> dict[str, int]:
        sizes: Counter[str] = Counter()
        for (_, size), number in self._images.items():
            sizes[size] += number
        return dict(sizes.most_common(MAX_NAMES))

    def _by_name(self) -> dict[str, dict[str, int]]:
        names: dict[str, dict[str, int]] = {}
        for (name, size), number in self._images.most_common(MAX_NAMES):
            names.setdefault(name, {})[size] = number
        return dict(sorted(names.items()))

    def report(self, report: VerifyReport) -> VerifyReport:
        """`report` with all totals."""
        return report.model_copy(
            update={
                "ok": not self.problems.counts,
                "samples": self.counts["samples"],
                "failed_samples": self.counts["failed"],
                "failures": self.dropped.groups(),
                "dropped_samples": self.dropped.samples(),
                "shards": self.counts["shards"],
                "bytes": self.counts["bytes"],
                "generators": dict(sorted(self.generators.items())),
                "files": dict(sorted(self._names.most_common(MAX_NAMES))),
                "images": self._by_size(),
                "image_files": self._by_name(),
                "prompts": self._prompts,
                "duplicates": self.duplicates,
                "duplicate_examples": self._examples,
                "problems": self.problems.kept,
                "problem_counts": self.problems.counts,
            }
        )


def decoding_level(*, decode: bool, deep: bool) -> Literal["no", "yes", "all"]:
    """The `decoded` of a report."""
    if deep:
        return "all"
    return "yes" if decode else "no"
