"""Catalogue entries of the first-party generators, read from their sources without importing them.

A module of this package defines one generator: a class with a literal `name`, such as
`O-some-task` in `some_task.py`, and `MEASURED`, its literal figures. It may set `BLOCK_SIZE`.
"""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import util
from pathlib import Path
from typing import Any

_FIGURES = "MEASURED"
_BLOCK = "BLOCK_SIZE"
_BLOCK_SIZE = 10  # if the module has none
# Every run reads the sources of all generators: walking through their syntax trees takes longer.
_IMPORT = re.compile(r"^\s*from (vrdata(?:_generators)?\.[\w.]+) import ", re.MULTILINE)


@dataclass(frozen=True)
class Declaration:
    """What the source of a generator or converter says about it; `measured` has its figures."""

    name: str
    measured: dict[str, float]
    module: str
    block_size: int = _BLOCK_SIZE


def builtin_names() -> tuple[str, ...]:
    """The catalogue names of the first-party generators, sorted."""
    return tuple(declaration.name for declaration in declarations("builtin"))


def builtin_entries() -> list[dict[str, Any]]:
    """One entry for each generator, sorted by name, with the field names of the catalogue file."""
    return [
        entry_of(one, "builtin", f"sha256:{sources_digest((one.module,))}")
        for one in declarations("builtin")
    ]


def entry_of(declaration: Declaration, kind: str, digest: str) -> dict[str, Any]:
    """The entry of what a source declares."""
    return {
        "name": declaration.name,
        "class": declaration.name[0],
        "kind": kind,
        "digest": digest,
        "mode": "stream",
        "flags": {"samples": "", "output": "", "seed": ""},
        "blockSize": declaration.block_size,
        "acceleration": {"enabled": False, "reason": "uses the fast encoders directly"},
        "measured": declaration.measured,
        "license": "Apache-2.0",
    }


@cache
def declarations(folder: str) -> tuple[Declaration, ...]:
    """What the modules of a folder of vrdata_generators declare, sorted by name."""
    found = []
    for path in (Path(__file__).parents[1] / folder).glob("*.py"):
        constants = _constants(_tree(path))
        if _FIGURES in constants:
            module = f"vrdata_generators.{folder}.{path.stem}"
            size = constants.get(_BLOCK, _BLOCK_SIZE)
            found.append(Declaration(constants["name"], constants[_FIGURES], module, size))
    return tuple(sorted(found, key=lambda declaration: declaration.name))


def _constants(tree: ast.Module) -> dict[str, Any]:
    """The literal figures and block size of a module, and the literal name of its generator."""
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    statements = [*tree.body, *(statement for node in classes for statement in node.body)]
    return {
        target: ast.literal_eval(statement.value)
        for statement in statements
        if (target := _target(statement)) in {_FIGURES, _BLOCK, "name"}
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


def sources_digest(modules: Iterable[str]) -> str:
    """sha256 over the sources that decide a generator's pixels: its own and what it imports.

    Args:
        modules: of vrdata_generators; what they import of vrdata counts, too.
    """
    digest = hashlib.sha256()
    seen: dict[str, Path] = {}
    for module in modules:
        _sources(module, seen)
    for module in sorted(seen, key=lambda name: name.split(".")):  # wherever they are installed
        path = seen[module]
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


def _sources(module: str, seen: dict[str, Path]) -> None:
    """Add a module and the modules of vrdata that it imports, without running it."""
    spec = util.find_spec(module)
    if spec is None or spec.origin is None or module in seen:
        return
    seen[module] = Path(spec.origin)
    for imported in _IMPORT.findall(seen[module].read_text("utf-8")):
        _sources(imported, seen)


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_bytes())
