"""The installed modules that a generator imports, found without running its code."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from vrdata.errors import InvalidInputError

_OPTIONAL_ERRORS = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})


@dataclass(frozen=True, slots=True)
class Imports:
    """Top-level modules that are neither in the standard library nor in the generator's folder.

    Attributes:
        needed: imported without a fallback.
        optional: imported only inside `try … except ImportError`.
    """

    needed: frozenset[str]
    optional: frozenset[str]


def scan_imports(root: Path, entry: Path) -> Imports:
    """Imports of a generator's entry script and of every module of its folder that it reaches.

    Args:
        root: the generator's folder.
        entry: the script, in `root`.

    Raises:
        InvalidInputError: one of the files is not valid Python.
    """
    needed: set[str] = set()
    optional: set[str] = set()
    pending = [entry]
    seen: set[Path] = set()
    while pending:
        path = pending.pop()
        if path in seen:
            continue
        seen.add(path)
        for name, guarded in _imported([_parse(path, root)]):
            own = _own_files(root, path.parent, name)
            if own:
                pending += own
            elif name not in sys.stdlib_module_names:
                (optional if guarded else needed).add(name)
    return Imports(frozenset(needed), frozenset(optional - needed))


def _parse(path: Path, root: Path) -> ast.Module:
    try:
        return ast.parse(path.read_bytes())
    except (SyntaxError, ValueError, RecursionError) as error:
        line = getattr(error, "lineno", None)
        where = f"{path.relative_to(root)}, line {line}" if line else str(path.relative_to(root))
        raise InvalidInputError(
            f"{path.name} is not valid Python {sys.version_info.major}.{sys.version_info.minor}",
            why=f"{where}: {error.args[0] if error.args else error}",
            fix="fix the file in the generator's repository",
        ) from None


def _own_files(root: Path, folder: Path, name: str) -> list[Path]:
    for base in (root, folder):
        module, package = base / f"{name}.py", base / name
        if module.is_file():
            return [module]
        if package.is_dir():
            # The whole package: which submodule is imported can depend on run-time conditions.
            return sorted(package.rglob("*.py"))
    return []


def _imported(nodes: Iterable[ast.AST], *, guarded: bool = False) -> Iterator[tuple[str, bool]]:
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name.partition(".")[0], guarded
        elif isinstance(node, ast.ImportFrom):
            if node.level == 0 and node.module:
                yield node.module.partition(".")[0], guarded
        elif isinstance(node, ast.If) and _for_type_checkers(node.test):
            yield from _imported(node.orelse, guarded=guarded)
        elif isinstance(node, ast.Try) and any(map(_catches_import, node.handlers)):
            yield from _imported(node.body, guarded=True)
            rest = (*node.handlers, *node.orelse, *node.finalbody)
            yield from _imported(rest, guarded=guarded)
        else:
            yield from _imported(ast.iter_child_nodes(node), guarded=guarded)


def _for_type_checkers(test: ast.expr) -> bool:
    name = test.attr if isinstance(test, ast.Attribute) else getattr(test, "id", "")
    return bool(name == "TYPE_CHECKING")


def _catches_import(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    names = {node.id for node in ast.walk(handler.type) if isinstance(node, ast.Name)}
    return bool(names & _OPTIONAL_ERRORS)
