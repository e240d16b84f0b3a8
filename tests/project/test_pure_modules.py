"""A docstring that says "Pure" is a promise that import-linter checks."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = (
    ROOT / "vrdata",
    ROOT / "worker/vrdata_worker",
    ROOT / "worker/vrdata_child",
    ROOT / "operator/vrdata_operator",
    ROOT / "generators/vrdata_generators",
)
CONTRACT = "Pure modules do no I/O"


def pure_modules() -> set[str]:
    """Dotted names of the modules and packages whose docstring says so."""
    return {
        ".".join(path.with_suffix("").relative_to(package.parent).parts).removesuffix(".__init__")
        for package in PACKAGES
        for path in package.rglob("*.py")
        if re.search(r"\bPure\b", ast.get_docstring(ast.parse(path.read_text())) or "")
    }


def checked_modules() -> tuple[str, ...]:
    """The modules and packages that the contract names."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    (contract,) = [
        one
        for one in settings["tool"]["importlinter"]["contracts"]
        if one["name"].startswith(CONTRACT)
    ]
    return tuple(contract["source_modules"])


def test_every_module_that_says_pure_is_under_the_contract() -> None:
    checked = checked_modules()
    missing = {
        module
        for module in pure_modules()
        if not any(module == one or module.startswith(f"{one}.") for one in checked)
    }
    assert missing == set(), "add them to source_modules of the contract in pyproject.toml"
