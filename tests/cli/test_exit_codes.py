"""Each exit code of the command line is documented and returned somewhere, and no other."""

from __future__ import annotations

import re
from pathlib import Path

from vrdata.errors import ExitCode

ROOT = Path(__file__).parents[2]


def documented() -> set[int]:
    page = (ROOT / "docs/cli.md").read_text()
    table = page.partition("## Exit codes")[2].partition("\n## ")[0]
    return {int(code) for code in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)}


def used() -> set[str]:
    """Names of exit codes in the code of commands and errors."""
    places = [*(ROOT / "vrdata").rglob("*.py"), *(ROOT / "generators").rglob("*.py")]
    return {
        name for path in places for name in re.findall(r"ExitCode\.([A-Z_]+)", path.read_text())
    }


def test_the_documented_exit_codes_are_those_of_the_program() -> None:
    assert documented() == {int(code) for code in ExitCode}


def test_every_exit_code_is_used() -> None:
    assert {code.name for code in ExitCode} <= used()
