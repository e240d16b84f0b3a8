"""Every test is in one tier, and a tier that was not run is named with its command."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from support.tiers import TIERS, tier_of, untested

MAKEFILE = Path(__file__).resolve().parents[2] / "Makefile"


@pytest.mark.parametrize(
    ("marks", "path", "tier"),
    [
        ((), "tests/plan/test_seeds.py", "fast"),
        (("parametrize",), "tests/plan/test_seeds.py", "fast"),
        (("slow", "s3"), "tests/e2e/s3/test_s3.py", "slow"),
        (("slow", "smoke"), "tests/e2e/s3/test_s3.py", "smoke"),
        (("torch",), "tests/timeseries/test_torch.py", "torch"),
        (("cluster",), "tests/crd/test_rules_on_server.py", "api"),
        (("cluster",), "tests/cluster/test_whole_run.py", "cluster"),
    ],
)
def test_markers_and_folder_decide_the_tier(marks: tuple[str, ...], path: str, tier: str) -> None:
    assert tier_of(marks, path) == tier


def test_each_tier_that_was_not_run_is_one_line_with_number_and_command() -> None:
    lines = untested({"cluster": 39, "slow": 400, "fast": 0})
    assert len(lines) == 2
    assert re.search(r"\b400 slow tests\b.*: make test-slow$", lines[0])
    assert re.search(r"\b39 cluster tests\b.*: make test-cluster$", lines[1])


def test_each_tier_has_a_make_target() -> None:
    targets = set(re.findall(r"^([a-z-]+):", MAKEFILE.read_text(), re.MULTILINE))
    assert {tier.command.removeprefix("make ") for tier in TIERS.values()} <= targets
