"""`make test-all` counts the tests of all tiers and shows the failures of each."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "hack" / "test_all.py"
PASSED = "........\n8 passed, 575 deselected in 5.19s\n"
FAILED = """..F
=================================== FAILURES ===================================
assert 1 == 2
=========================== short test summary info ============================
FAILED tests/a.py::test_b - assert 1 == 2
1 failed, 2 passed, 3 skipped, 1 error in 61.20s (0:01:01)
make: *** [Makefile:44: test-slow] Error 1
"""


@pytest.fixture
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("test_all_script", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_the_last_line_adds_up_the_tiers(script: ModuleType) -> None:
    results = script.Results()
    results.add("test", 0, PASSED)
    results.add("slow", 2, FAILED)
    assert results.failed == ["slow"]
    assert results.summary().startswith("10 passed, 2 failed (slow), 3 skipped in ")


def test_a_tier_that_ends_before_its_tests_is_a_failure(script: ModuleType) -> None:
    results = script.Results()
    results.add("test", 2, "ruff: unused import\nmake: *** [lint] Error 1\n")
    assert results.summary().startswith("0 passed, 1 failed (test), 0 skipped in ")


def test_the_log_of_a_failed_tier_is_shown_from_its_failures_on(script: ModuleType) -> None:
    assert script.report_of(FAILED).startswith("=================================== FAILURES")
    assert script.report_of("no pytest here") == "no pytest here"
