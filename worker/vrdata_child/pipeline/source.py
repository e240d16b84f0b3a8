"""Change the code of a repository as it is compiled: folders move, the step is replaced. Pure."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from types import CodeType

STEP = "__vrdata_step__"
"""The global name of what decorates the step; the runner defines it as a builtin."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What to change in the code of a repository.

    Attributes:
        roots: absolute folders, and where each one is now.
        module: the module of the step; "" = there is no step.
        name: the step's name in it: a function, or `Class.method`.
    """

    roots: Mapping[str, str]
    module: str = ""
    name: str = ""


def compiled(source: bytes, path: str, module: str, changes: Changes) -> CodeType:
    """The code of a module, changed; line numbers stay.

    Args:
        source: of the module.
        path: of its file.
        module: its name; `__main__` for the script.
        changes: what to change.

    Raises:
        SyntaxError, ValueError: the source is not Python.
    """
    tree = ast.parse(source, path)
    tree = ast.fix_missing_locations(_Change(module, changes).visit(tree))
    return compile(tree, path, "exec", dont_inherit=True)


class _Change(ast.NodeTransformer):
    def __init__(self, module: str, changes: Changes) -> None:
        self._roots = changes.roots
        self._step = changes.name if module == changes.module else ""
        self._names: list[str] = []

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        if isinstance(node.value, str) and node.value.startswith("/"):
            node.value = moved(node.value, self._roots)
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        return self._inside(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        if self._step and ".".join([*self._names, node.name]) == self._step:
            # The outermost decorator; its own position is that of the function.
            name = ast.copy_location(ast.Name(STEP, ast.Load()), node)
            node.decorator_list.insert(0, name)
        return self._inside(node)

    def _inside(self, node: ast.ClassDef | ast.FunctionDef) -> ast.AST:
        self._names.append(node.name)
        found = self.generic_visit(node)
        self._names.pop()
        return found


def moved(path: str, roots: Mapping[str, str]) -> str:
    """Where a path is now; itself if it is below no moved folder."""
    for root, now in roots.items():
        if path == root or path.startswith(f"{root}/"):
            return now + path[len(root) :]
    return path
