"""Generate and finalise a run; what is deleted meanwhile is generated again."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import fields

from vrdata.contract.groups import FailureGroups
from vrdata.dataset.finish.shards import IncompleteRunError
from vrdata.dataset.plans import keep_plan
from vrdata.local.execution.executor import ExecutionResult
from vrdata.local.finish import RunSummary, finish
from vrdata.local.run import Prepared, ProgressFactory, compare, execute
from vrdata.local.waits import WaitLines
from vrdata.store.opening import PrefixedStore
from vrdata.store.patient import ended_by_interrupt
from vrdata_worker.run import patient_store

ROUNDS = 10
"""If finalisation finds a run incomplete so often, something else changes its folder."""


def complete(
    prepared: Prepared,
    progress: ProgressFactory,
    *,
    detect: bool,
    again: Callable[[Prepared], None],
    say: Callable[[str], None],
) -> RunSummary:
    """Generate what is missing and finalise, until finalisation finds everything.

    Args:
        prepared: the run; it is compared with the output again before each further round. From
            now on its store waits while it cannot be used.
        progress: makes the view of one round.
        detect: see `finish`.
        again: called before each further round.
        say: prints a line, about waits for the store.

    Raises:
        IncompleteRunError: shards were missing or damaged again after ROUNDS rounds.
        VrdataError: as `execute` and `finish`.
        KeyboardInterrupt: all workers have ended; committed shards stay.
    """
    waits = WaitLines(say)
    root = patient_store(prepared.options.store, lambda wait: waits.take(0, wait))
    prepared.store = PrefixedStore(root, prepared.prefix)
    with ended_by_interrupt():
        return _rounds(prepared, progress, detect=detect, again=again)


def _rounds(
    prepared: Prepared,
    progress: ProgressFactory,
    *,
    detect: bool,
    again: Callable[[Prepared], None],
) -> RunSummary:
    started = time.monotonic()
    result = execute(prepared, progress, detect=detect)
    left = ROUNDS
    while True:
        try:
            seconds = time.monotonic() - started
            return finish(prepared, result, seconds=seconds, detect=detect)
        except IncompleteRunError:
            left -= 1
            if not left:
                raise
        keep_plan(prepared.store, prepared.plan)
        compare(prepared)
        again(prepared)
        _add(result, execute(prepared, progress, detect=detect))


def _add(result: ExecutionResult, other: ExecutionResult) -> None:
    for name in (field.name for field in fields(ExecutionResult)):
        value = getattr(other, name)
        if isinstance(value, FailureGroups):
            getattr(result, name).merge(value.all())
        else:
            setattr(result, name, getattr(result, name) + value)
