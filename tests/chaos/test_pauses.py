"""Pauses of a run: which reasons they had, and which came too late."""

from __future__ import annotations

from chaos.node.pauses import Pauses


def test_a_reason_in_time_counts_once_for_each_pause() -> None:
    pauses = Pauses()
    for now, runs, reason in (
        (0, True, ""),
        (2, False, ""),
        (10, False, "RetryPaused"),
        (30, False, "RetryPaused"),
        (31, True, ""),
        (40, False, "RetryPaused"),
        (42, False, "StorageUnavailable"),
        (50, True, ""),
    ):
        pauses.look(now, runs=runs, reason=reason)
    assert pauses.told == {"RetryPaused": 2, "StorageUnavailable": 1}
    assert pauses.late == []
    assert pauses.longest == 8


def test_a_pause_whose_reason_is_late_or_never_there_is_a_finding() -> None:
    pauses = Pauses()
    pauses.look(0, runs=False, reason="")
    pauses.look(16, runs=False, reason="RetryPaused")
    pauses.look(17, runs=True, reason="")
    pauses.look(20, runs=False, reason="")
    pauses.look(34, runs=True, reason="")
    pauses.look(40, runs=False, reason="")
    pauses.look(60, runs=True, reason="")
    assert pauses.late == [
        "pause without a reason: for 16 s",
        "pause without a reason: for 20 s",
    ]
