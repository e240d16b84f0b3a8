"""The calls of a generator's own source, found by their place in the file. Pure."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from vrdata.text import printable_line

MAX_BYTES = 2**20  # of a source file
_MAX_TEXT = 48
# Libraries that are compiled have no frames: their methods are known by name.
_METHODS = {
    "numpy": "all any argmax argmin argsort astype clip copy cumsum dot flatten max mean min ravel"
    " repeat reshape round sort std sum take tobytes tolist transpose var",
    "cairo": "arc arc_negative clip curve_to fill fill_preserve line_to mask move_to paint"
    " paint_with_alpha rectangle set_source_rgb set_source_rgba set_source_surface show_text"
    " stroke stroke_preserve text_extents text_path write_to_png",
    "av": "decode demux encode from_ndarray mux reformat to_ndarray",
    "pygame": "blit blits fill tobytes",
}
_ALONE = ("astype", "tobytes", "ravel", "flatten", "argsort")  # no other library has them


@dataclass(frozen=True, slots=True)
class Call:
    """An expression of the generator's code, as it is written there.

    Attributes:
        text: what is called, shortened; "" = it calls nothing.
        library: top-level module of what it calls, if that is certain, or "".
        name: of the called function, without its object.
    """

    text: str = ""
    library: str = ""
    name: str = ""


@dataclass(slots=True)
class Source:
    """A source file.

    Args:
        body: its bytes; what is not valid Python has no calls.
    """

    body: bytes
    _calls: dict[tuple[int, ...], ast.Call] = field(default_factory=dict)
    _imported: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        try:
            nodes = list(ast.walk(ast.parse(self.body)))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return
        for node in nodes:
            if isinstance(node, ast.Call):
                span = (node.lineno, node.end_lineno, node.col_offset, node.end_col_offset)
                self._calls[tuple(number or 0 for number in span)] = node
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    top = alias.name.partition(".")[0]
                    self._imported[alias.asname or top] = top
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                for alias in node.names:
                    self._imported[alias.asname or alias.name] = node.module.partition(".")[0]

    def call_at(self, span: tuple[int, int, int, int]) -> Call:
        """The call whose expression begins and ends there."""
        node = self._calls.get(span)
        if node is None:
            return Call()
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        return Call(_text(node.func), self._library(node.func, name), name)

    def _library(self, function: ast.expr, name: str) -> str:
        root = function
        while isinstance(root, ast.Attribute):
            root = root.value
        if isinstance(root, ast.Name) and root.id in self._imported:
            return self._imported[root.id]
        if not isinstance(function, ast.Attribute):
            return ""
        imported = set(self._imported.values())
        fitting = [one for one, names in _METHODS.items() if name in names.split()]
        known = [one for one in fitting if one in imported]
        if len(known) == 1:
            return known[0]
        return fitting[0] if name in _ALONE else ""


def _text(function: ast.expr) -> str:
    text = printable_line(_written(function), "?")
    return text if len(text) <= _MAX_TEXT else f"…{text[1 - _MAX_TEXT :]}"


def _written(node: ast.expr) -> str:
    """A called expression without the arguments of the calls in it."""
    ends: list[str] = []
    while True:
        match node:
            case ast.Attribute():
                ends.append(f".{node.attr}")
                node = node.value
            case ast.Call():
                ends.append("(…)" if node.args or node.keywords else "()")
                node = node.func
            case ast.Subscript():
                ends.append("[…]")
                node = node.value
            case ast.Name():
                return "".join((node.id, *reversed(ends)))
            case _:
                return "".join(("(…)", *reversed(ends)))
