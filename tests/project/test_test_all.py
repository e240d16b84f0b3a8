"""`make test-all` counts the tests of all tiers and shows the failures of each."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
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


MAKEFILE = """
.venv/.dev:
\t@mkdir -p .venv && touch $@
test:
\t@echo "8 passed in 1.00s"
test-slow:
\t@printf '%s\\n' "= FAILURES =" "assert 1 == 2" "1 failed, 2 passed in 2.00s"; exit 1
test-api test-torch test-cluster:
\t@echo "3 passed, 1 skipped in 3.00s"
"""


def test_every_tier_runs_though_one_fails_and_the_last_line_counts_all(tmp_path: Path) -> None:
    (tmp_path / "hack").mkdir()
    shutil.copy(SCRIPT, tmp_path / "hack")
    (tmp_path / "Makefile").write_text(MAKEFILE)
    builder = tmp_path / "tests/support/cluster/__main__.py"
    builder.parent.mkdir(parents=True)
    builder.write_text("print('built')\n")
    done = subprocess.run(
        [sys.executable, tmp_path / "hack/test_all.py"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert lines[-1].startswith("19 passed, 1 failed (slow), 3 skipped in ")
    assert "assert 1 == 2" in lines
    logs = {path.name for path in (tmp_path / "test-logs").iterdir()}
    assert logs == {"cluster-build.log", "slow.log", "api.log", "torch.log", "cluster.log"}


def test_a_cluster_is_built_without_the_environment_of_the_tests() -> None:
    """The build begins before that environment exists."""
    code = "import sys; sys.path.insert(0, 'tests'); import support.cluster.__main__"
    # -S: without installed packages.
    subprocess.run([sys.executable, "-I", "-S", "-c", code], cwd=SCRIPT.parents[1], check=True)
