"""YAML with positions: documents as plain values, and where each of their fields stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import yaml

from vrdata.errors import InvalidInputError

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 20

Path = tuple[str | int, ...]


@dataclass(slots=True)
class Document:
    """One YAML document: its value, and line and column (from 1) by path."""

    value: Any
    positions: dict[Path, tuple[int, int]] = field(default_factory=dict)

    def position(self, path: Path) -> tuple[int, int]:
        """Where a field stands, or its nearest parent that is there."""
        while path and path not in self.positions:
            path = path[:-1]
        return self.positions.get(path, (1, 1))


class YamlError(InvalidInputError):
    """A document that is not usable YAML; `line` and `column` count from 1."""

    def __init__(self, message: str, line: int, column: int, fix: str = "") -> None:
        super().__init__(message, fix=fix)
        self.line = line
        self.column = column


def parse_documents(text: str) -> list[Document]:
    """All documents of a YAML stream; empty ones are left out.

    Raises:
        YamlError: syntax, a duplicate key, an alias, too deep.
    """
    try:
        nodes = [node for node in yaml.compose_all(text, Loader=_Loader) if node is not None]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        message = " ".join(part for part in (error.context, error.problem) if part)
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise YamlError(f"not YAML: {message}", line, column, _syntax_fix(message)) from None
    except yaml.YAMLError as error:
        raise YamlError(f"not YAML: {str(error).splitlines()[0]}", 1, 1) from None
    documents = []
    for node in nodes:
        document = Document(None)
        document.value = _build(node, (), document)
        documents.append(document)
    return documents


class _Loader(yaml.SafeLoader):
    """The safe loader without aliases: a few lines of them can expand to gigabytes."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.composer.ComposerError(
                None, None, "aliases (*name) are not allowed; write the value out", mark
            )
        return super().compose_node(parent, index)


def _build(node: yaml.Node, path: Path, document: Document) -> Any:
    line, column = node.start_mark.line + 1, node.start_mark.column + 1
    document.positions.setdefault(path, (line, column))
    if len(path) > MAX_DEPTH:
        raise YamlError(f"nested deeper than {MAX_DEPTH} levels", line, column)
    if isinstance(node, yaml.SequenceNode):
        return [_build(item, (*path, place), document) for place, item in enumerate(node.value)]
    if isinstance(node, yaml.MappingNode):
        return _build_mapping(node, path, document)
    return yaml.SafeLoader("").construct_object(node)


def _build_mapping(node: yaml.MappingNode, path: Path, document: Document) -> dict[str, Any]:
    built: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key = str(key_node.value)
        line, column = key_node.start_mark.line + 1, key_node.start_mark.column + 1
        if key in built:
            raise YamlError(f"field {key} is written twice", line, column, "keep one of them")
        document.positions[*path, key] = (line, column)
        built[key] = _build(value_node, (*path, key), document)
    return built


def _syntax_fix(message: str) -> str:
    if "\\t" in message or "tab" in message.lower():
        return "indent with spaces, not with tabs"
    return "check indentation, colons and quotes near this place"
