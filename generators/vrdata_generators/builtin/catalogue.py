"""Catalogue entries of the first-party generators, read from their sources without importing them.

A module of this package defines one generator: a class with a literal `name`, such as
`O-some-task` in `some_task.py`, and `MEASURED`, its literal figures.
"""

from __future__ import annotations

import ast
import hashlib
import re
from dataclasses import dataclass
from functools import cache
from importlib import util
from pathlib import Path
from typing import Any

_FIGURES = "MEASURED"
# Every run reads the sources of all generators: walking through their syntax trees takes longer.
_IMPORT = re.compile(r"^\s*from (vrdata_generators\.[\w.]+) import ", re.MULTILINE)


@dataclass(frozen=True)
class _Declaration:
    """What the source of a generator says about it."""

    name: str
    measured: dict[str, float]
    module: str


def builtin_names() -> tuple[str, ...]:
    """The catalogue names of the first-party generators, sorted."""
    return tuple(declaration.name for declaration in _declarations())


def builtin_entries() -> list[dict[str, Any]]:
    """One entry for each generator, sorted by name, with the field names of the catalogue file."""
    return [_entry(declaration) for declaration in _declarations()]


def _entry(declaration: _Declaration) -> dict[str, Any]:
    return {
        "name": declaration.name,
        "class": declaration.name[0],
        "kind": "builtin",
        "digest": f"sha256:{_digest(declaration.module)}",
        "mode": "stream",
        "flags": {"samples": "", "output": "", "seed": ""},
        "blockSize": 10,
        "acceleration": {"enabled": False, "reason": "uses the fast encoders directly"},
        "measured": declaration.measured,
        "license": "Apache-2.0",
    }


@cache
def _declarations() -> tuple[_Declaration, ...]:
    found = []
    for path in Path(__file__).parent.glob("*.py"):
        constants = _constants(_tree(path))
        if _FIGURES in constants:
            module = f"{__package__}.{path.stem}"
            found.append(_Declaration(constants["name"], constants[_FIGURES], module))
    return tuple(sorted(found, key=lambda declaration: declaration.name))


def _constants(tree: ast.Module) -> dict[str, Any]:
    """The literal figures of a module, and the literal name of its generator."""
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    statements = [*tree.body, *(statement for node in classes for statement in node.body)]
    return {
        target: ast.literal_eval(statement.value)
        for statement in statements
        if (target := _target(statement)) in {_FIGURES, "name"}
        and isinstance(statement, ast.Assign | ast.AnnAssign)
        and statement.value is not None
    }


def _target(statement: ast.stmt) -> str:
    """The name that a statement assigns to, or ""."""
    if isinstance(statement, ast.Assign):
        target: ast.expr = statement.targets[0]
    elif isinstance(statement, ast.AnnAssign):
        target = statement.target
    else:
        return ""
    return target.id if isinstance(target, ast.Name) else ""


def _digest(module: str) -> str:
    """sha256 over the sources that decide a generator's pixels: its own and what it imports."""
    digest = hashlib.sha256()
    for path in sorted(_sources(module, {})):
        digest.update(path.name.encode() + b"\0" + _without_figures(path) + b"\0")
    return digest.hexdigest()


def _without_figures(path: Path) -> bytes:
    """A source file without its figures: measuring a generator again must not change its digest."""
    body = path.read_bytes()
    if _FIGURES.encode() not in body:
        return body
    lines = body.splitlines(keepends=True)
    for statement in _tree(path).body:
        if _target(statement) == _FIGURES:
            del lines[statement.lineno - 1 : statement.end_lineno]
    return b"".join(lines)


def _sources(module: str, seen: dict[str, Path]) -> list[Path]:
    """Files of a module and of the modules of this package that it imports, without running it."""
    spec = util.find_spec(module)
    if spec is None or spec.origin is None or module in seen:
        return list(seen.values())
    seen[module] = Path(spec.origin)
    for imported in _IMPORT.findall(seen[module].read_text("utf-8")):
        _sources(imported, seen)
    return list(seen.values())


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_bytes())
