"""Generate and finalise a run; what disappears meanwhile is generated again."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import fields

from vrdata.dataset.finish.shards import IncompleteRunError
from vrdata.dataset.plans import keep_plan
from vrdata.local.execution.executor import ExecutionResult
from vrdata.local.finish import RunSummary, finish
from vrdata.local.run import Prepared, ProgressFactory, compare, execute

ROUNDS = 10
"""A run that finalisation finds incomplete so often shares its folder with something else."""


def complete(
    prepared: Prepared,
    progress: ProgressFactory,
    *,
    detect: bool,
    again: Callable[[Prepared], None],
) -> RunSummary:
    """Generate what is missing and finalise, until finalisation finds everything.

    Args:
        prepared: the run; it is compared with the output again before each further round.
        progress: makes the view of one round.
        detect: see `finish`.
        again: called before each further round.

    Raises:
        IncompleteRunError: shards were missing or damaged again after ROUNDS rounds.
        VrdataError: as `execute` and `finish`.
        KeyboardInterrupt: all workers have ended; committed shards stay.
    """
    started = time.monotonic()
    result = execute(prepared, progress, detect=detect)
    left = ROUNDS
    while True:
        try:
            return finish(prepared, result, seconds=time.monotonic() - started, detect=detect)
        except IncompleteRunError:
            left -= 1
            if not left:
                raise
        keep_plan(prepared.store, prepared.plan)
        compare(prepared)
        again(prepared)
        result = _sum(result, execute(prepared, progress, detect=detect))


def _sum(one: ExecutionResult, other: ExecutionResult) -> ExecutionResult:
    names = [field.name for field in fields(ExecutionResult)]
    return ExecutionResult(**{name: getattr(one, name) + getattr(other, name) for name in names})
