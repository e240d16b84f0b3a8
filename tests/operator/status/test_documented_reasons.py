"""The page on clusters names reasons that the operator gives, and leaves none out."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "cluster.md").read_text()
CODE = ROOT / "operator" / "vrdata_operator"
# Constructors whose argument of this position is a reason for people to act on.
PLACES = {"Cause": 0, "Rejection": 0, "Outcome": 1}


def given() -> set[str]:
    """Reasons in the code: constants, or one of two by a condition."""
    found: set[str] = set()
    for path in CODE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            place = PLACES.get(node.func.id)
            if place is not None and len(node.args) > place:
                found |= {
                    one.value
                    for one in ast.walk(node.args[place])
                    if isinstance(one, ast.Constant) and isinstance(one.value, str)
                }
    return {word for word in found if re.fullmatch(r"[A-Z][A-Za-z]+", word)}


def documented() -> set[str]:
    """Reasons in the first column of the page's tables of reasons."""
    tables = re.findall(r"^\| reason \|.*?(?=^$)", PAGE, re.DOTALL | re.MULTILINE)
    assert len(tables) == 2
    rows = [line.split("|")[1] for table in tables for line in table.splitlines()]
    return set(re.findall(r"`(\w+)`", " ".join(rows)))


def test_every_reason_is_documented() -> None:
    assert given() - documented() == set()


def test_every_documented_reason_exists() -> None:
    code = "".join(path.read_text() for path in CODE.rglob("*.py"))
    assert [reason for reason in sorted(documented()) if f'"{reason}"' not in code] == []
