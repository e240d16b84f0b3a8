"""What the commands that generate show: notes before, progress, and the summary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vrdata.cli.common import Output, is_interactive, print_json, stderr, stdout
from vrdata.text import count

if TYPE_CHECKING:
    from vrdata.local.finish import RunSummary
    from vrdata.local.importing.finish import ImportSummary
    from vrdata.local.run import Prepared

NAMED = 5  # generators in a message


def say(line: str) -> None:
    """Print a line to standard error."""
    stderr.print(line, markup=False, soft_wrap=True)


def say_left_out(prepared: Prepared) -> None:
    """One line when generators were added since the plan was made that its globs match, too."""
    if prepared.added:
        more = ", ..." if len(prepared.added) > NAMED else ""
        stderr.print(
            f"continues with the {count(len(prepared.plan.generators), 'generator')} of its plan; "
            f"{len(prepared.added)} added since match its globs, too "
            f"({', '.join(prepared.added[:NAMED])}{more}): "
            "use another metadata.name to include them",
            markup=False,
        )


def say_damaged(prepared: Prepared) -> None:
    """One line for commit markers that a finished run lacks, and one for data."""
    lost = prepared.shards - len(prepared.committed)
    if prepared.finished and lost:
        stderr.print(
            f"{count(lost, 'commit marker')} missing: generating the shards again", markup=False
        )
    if prepared.damaged:
        stderr.print(
            f"restoring {count(len(prepared.damaged), 'shard')} whose data is missing or damaged; "
            f"the first: {prepared.damaged[0].what}",
            markup=False,
        )


def detect_mode(prepared: Prepared) -> bool:
    """Whether the store lacks create-only writes. An intact finished run is not probed."""
    from vrdata.store.probe import probe

    if not prepared.options.store.url.startswith("s3://") or prepared.intact:
        return False
    found = probe(prepared.store)
    for note in found.notes:
        stderr.print(f"note: {note}", markup=False)
    if found.mode == "strict":
        return False
    stderr.print(
        f"warning: {found.reasons[0]}; each write first checks that its key is free, and every "
        "shard is read again at the end",
        style="yellow",
        markup=False,
    )
    return True


def run_progress(plan: Any, committed: Any) -> Any:
    """The view of a run's progress on standard error."""
    from vrdata.local.progress import RunProgress

    return RunProgress(plan, committed, stderr, animated=is_interactive())


def print_summary(summary: RunSummary | ImportSummary, output: Output) -> None:
    """Print how a run or an import ended."""
    if output is Output.JSON:
        print_json(summary.to_dict())
        return
    for line in summary.lines():
        stdout.print(line, markup=False)
