"""Which installed modules a generator's own code imports, found without running it."""

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
    """Top-level names of modules that are neither the standard library's nor the folder's own.

    Attributes:
        needed: imported without a way out.
        optional: imported only inside `try … except ImportError`.
    """

    needed: frozenset[str]
    optional: frozenset[str]


def scan_imports(root: Path, entry: Path) -> Imports:
    """Imports of a generator's entry script and of every own module it can reach.

    Args:
        root: the generator's folder; its packages and modules are its own.
        entry: the script, below root.

    Raises:
        InvalidInputError: one of the files is not valid Python.
    """
    needed: set[str] = set()
    optional: set[str] = set()
    waiting = [entry]
    seen: set[Path] = set()
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        for name, guarded in _imported([_parse(path, root)]):
            own = _own_files(root, path.parent, name)
            if own:
                waiting += own
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
            fix="correct the file in the generator's repository",
        ) from None


def _own_files(root: Path, folder: Path, name: str) -> list[Path]:
    for base in (root, folder):
        module, package = base / f"{name}.py", base / name
        if module.is_file():
            return [module]
        if package.is_dir():
            # The whole package: which submodule is imported may be decided at run time.
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
        elif isinstance(node, ast.Try) and any(map(_catches_import, node.handlers)):
            yield from _imported(node.body, guarded=True)
            rest = (*node.handlers, *node.orelse, *node.finalbody)
            yield from _imported(rest, guarded=guarded)
        else:
            yield from _imported(ast.iter_child_nodes(node), guarded=guarded)


def _catches_import(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    names = {node.id for node in ast.walk(handler.type) if isinstance(node, ast.Name)}
    return bool(names & _OPTIONAL_ERRORS)
