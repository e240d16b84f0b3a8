"""`vrdata verify`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer

from vrdata.cli.common import Output, OutputOption, handle_errors, print_json, stderr, stdout
from vrdata.cli.sources import AwsProfileOption, EndpointOption, RegionOption, require_source
from vrdata.errors import ExitCode
from vrdata.text import count

if TYPE_CHECKING:
    from vrdata.dataset.verify.verdict import VerifyReport

PROGRESS_SECONDS = 5.0
FINAL_FRAME = "final_frame.png"


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("verify")(verify_command)


@handle_errors
def verify_command(
    where: Annotated[
        str,
        typer.Argument(
            metavar="WHERE",
            help="The folder or s3:// prefix of a run; a root with one run; "
            "or a folder with {domain}_task/{sample}/, a {domain}_task folder, or one sample: "
            "any folder with first_frame.png.",
        ),
    ],
    jobs: Annotated[
        int, typer.Option("--jobs", "-j", min=1, max=64, help="Number of concurrent shards.")
    ] = 2,
    decode: Annotated[
        bool,
        typer.Option("--decode/--no-decode", help="Decode images, and the first frame of videos."),
    ] = True,
    deep: Annotated[
        bool, typer.Option("--deep", help="Decode every frame of every video.")
    ] = False,
    endpoint: EndpointOption = "",
    region: RegionOption = "",
    aws_profile: AwsProfileOption = "",
    output: OutputOption = Output.TABLE,
) -> None:
    """Check a dataset by reading all its bytes: counts, checksums, decoding, dataset hash.

    Exit codes: 0 no problem was found, 1 there are problems, 5 there is no dataset.
    """
    from vrdata.dataset.discover import find_run
    from vrdata.dataset.verify.run import verify
    from vrdata.dataset.verify.tree import verify_tree
    from vrdata.store.opening import open_store

    store = open_store(require_source(where), endpoint=endpoint, region=region, profile=aws_profile)
    run = find_run(store)
    check = verify_tree if run is None else verify
    report = check(
        store if run is None else run, decode=decode, deep=deep, jobs=jobs, progress=_Progress()
    )
    if output is Output.JSON:
        print_json(report.to_dict())
    else:
        _print(report)
    raise typer.Exit(int(ExitCode.OK if report.ok else ExitCode.FAILED))


class _Progress:
    """Print a line to standard error every few seconds."""

    def __init__(self) -> None:
        self._printed = time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if now - self._printed >= PROGRESS_SECONDS:
            self._printed = now
            stderr.print(
                f"checked {done} of {count(total, 'shard')}"
                if total
                else f"checked {count(done, 'sample')}"
            )


def _print(report: VerifyReport) -> None:
    for problem in report.problems:
        stderr.print(f"{problem.kind}: {problem.where}: {problem.message}", markup=False)
    found = sum(report.problem_counts.values())
    if found > len(report.problems):
        stderr.print(f"and {count(found - len(report.problems), 'more problem')}")
    stdout.print("\n".join(summary_lines(report)), markup=False)


def summary_lines(report: VerifyReport) -> list[str]:
    """The report for a person."""
    from vrdata.dataset.finish.duplicates import duplicates_line
    from vrdata.dataset.manifest import unit_of

    verdict = "verified" if report.ok else "NOT verified"
    shards = (
        f" in {report.shards} of {count(report.expected_shards, 'shard')}" if report.plan else ""
    )
    found = count(report.samples, unit_of(report.files))
    dropped = f", {report.failed_samples} dropped" if report.failed_samples else ""
    lines = [
        f"{verdict}: {found}{shards}{dropped}, {report.bytes} bytes",
        f"output: {report.output}",
        f"files: {_counts(report.files)}",
    ]
    lines += dropped_lines(report)
    lines += content_lines(report)
    if warning := duplicates_line(report.duplicates or 0, report.duplicate_examples, report.files):
        lines.append(warning)
    if report.decoded == "no":
        lines.append("images and videos were not decoded")
    if report.index.startswith("not checked"):
        lines.append(f"index: {report.index}")
    if report.problem_counts:
        lines.append(f"problems: {_counts(report.problem_counts)}")
    return [*lines, f"dataset hash: {report.dataset_hash}"]


def content_lines(report: VerifyReport) -> list[str]:
    """Sizes and modes of the images, lengths of the prompts, and samples without an answer."""
    from vrdata.dataset.manifest import ROWS_RECORD

    lines = [f"images: {name}: {_counts(sizes)}" for name, sizes in report.image_files.items()]
    if prompts := report.prompts.count:
        lengths = f"{report.prompts.shortest} to {report.prompts.longest} characters"
        lines.append(f"prompts: {prompts} of {lengths}")
    rows = report.files.get(ROWS_RECORD, 0)
    if unanswered := report.samples - rows - report.files.get(FINAL_FRAME, 0):
        lines.append(f"without {FINAL_FRAME}: {count(unanswered, 'sample')}")
    return lines


def dropped_lines(report: VerifyReport) -> list[str]:
    """Why samples are missing: the groups of failures, each with its first samples."""
    from vrdata.contract.groups import group_text

    lines = []
    for group in report.failures:
        of_group = [
            str(one.sample)
            for one in report.dropped_samples
            if (one.generator, one.reason) == (group.generator, group.reason)
        ]
        more = group.samples - len(of_group)
        listed = ", ".join(of_group) + (f" and {more} more" if more else "")
        lines += [f"dropped: {group_text(group)}", f"    samples: {listed}"]
    return lines


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items())
