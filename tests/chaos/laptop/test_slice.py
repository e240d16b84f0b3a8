"""A slice of `make chaos` on this machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from chaos.laptop.disturb import disturb
from chaos.laptop.machine import calm_run, laptop

pytestmark = [pytest.mark.slow, pytest.mark.s3]


def test_a_disturbed_run_stores_what_an_undisturbed_one_does(tmp_path: Path) -> None:
    with laptop(tmp_path) as machine:
        calm = calm_run(machine, {"O-maze": 60, "G-pendulum": 20}, failurePolicy={"retries": 1})
        record = disturb(machine, calm, seed=1)
        assert record.well, "\n".join(record.lines())
