"""Progress of a local run: bars only on a terminal, lines of text elsewhere."""

from __future__ import annotations

import io
import re
from collections import Counter

from rich.console import Console

from support.builders import make_plan
from support.operator.failures import failed_attempt
from vrdata.contract.messages import ShardCommitted, ShardProgress
from vrdata.contract.reasons import FailureReason
from vrdata.local.progress import RunProgress, duration

PLAN = make_plan({"O-a": 20, "G-b": 10}, shard_blocks=1)


def progress(*, animated: bool, committed: int = 0) -> tuple[RunProgress, io.StringIO]:
    """Progress that writes to a text instead of a terminal."""
    text = io.StringIO()
    console = Console(file=text, force_terminal=animated, width=200)
    return RunProgress(PLAN, Counter({"O-a": committed}), console, animated=animated), text


def test_without_a_terminal_only_lines_of_text_are_written() -> None:
    shown, text = progress(animated=False)
    shown.update(ShardProgress(generator="O-a", shard=0, samples=3))
    shown.tick()
    shown.failed(
        failed_attempt(("O-a", 0), 0, FailureReason.EMPTY_PROMPT, "no [bold]text\nlog", 7),
        retried=True,
    )
    shown.close()
    assert "\x1b" not in text.getvalue()
    assert text.getvalue().splitlines() == [
        "O-a shard 0 will be retried: EmptyPrompt at sample 7: no [bold]text",
        "O 0/30",
    ]


def test_on_a_terminal_bars_are_drawn_and_removed_at_the_end() -> None:
    shown, text = progress(animated=True)
    shown.update(ShardProgress(generator="O-a", shard=0, samples=3))
    shown.tick()
    shown.close()
    assert "\x1b" in text.getvalue()
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text.getvalue())
    assert plain.rstrip().endswith("O 3/30")


def test_the_last_line_has_no_estimate() -> None:
    shown, text = progress(animated=False)
    for samples in (1, 5):
        shown.update(ShardProgress(generator="O-a", shard=0, samples=samples))
        shown.tick()
    shown.close()
    assert text.getvalue().splitlines()[-1] == "O 5/30"


def test_samples_of_committed_and_running_shards_are_counted() -> None:
    shown, _ = progress(animated=False, committed=4)
    shown.update(ShardProgress(generator="O-a", shard=1, samples=2))
    assert shown.summary() == "O 6/30"
    planned = PLAN.generator("O-a").shard(1)
    whole = planned.stop - planned.start
    shown.committed(ShardCommitted(generator="O-a", shard=1, attempt=0, failed_samples=1))
    assert shown.summary() == f"O {4 + whole - 1}/30  failed 1"


def test_a_shard_that_failed_for_good_counts_all_its_samples_as_failed() -> None:
    shown, text = progress(animated=False)
    shown.failed(failed_attempt(("G-b", 0), 2, FailureReason.SAMPLE_TIMEOUT), retried=False)
    planned = PLAN.generator("G-b").shard(0)
    assert shown.summary().endswith(f"failed {planned.stop - planned.start}")
    assert text.getvalue() == "G-b shard 0 failed: SampleTimeout\n"


def test_durations_are_short() -> None:
    assert [duration(seconds) for seconds in (7, 750, 11_100)] == ["0:07", "12:30", "3:05:00"]
