"""YAML with positions: documents as plain values, and the position of each field."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import yaml

from vrdata.errors import InvalidInputError

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 20

Path = tuple[str | int, ...]

_TAG = "tag:yaml.org,2002:"
_WORDS = {"null": "nothing", "bool": "true or false", "int": "a whole number", "float": "a number"}
# Dates and lone `=` are text to Kubernetes, which reads the same file.
_TEXT = ("str", "timestamp", "value", "merge")


@dataclass(slots=True)
class Document:
    """One YAML document: its value, and line and column (from 1) by path."""

    value: Any
    positions: dict[Path, tuple[int, int]] = field(default_factory=dict)

    def position(self, path: Path) -> tuple[int, int]:
        """The position of a field, or of its nearest existing parent."""
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
    """All documents of a YAML stream, built of JSON's types; empty documents are dropped.

    Raises:
        YamlError: syntax, a duplicate key, an alias, a tag beyond JSON's types, a key that is
            not text, a value that does not fit its tag, too deep.
    """
    try:
        nodes = [node for node in yaml.compose_all(text, Loader=_Loader) if not _is_empty(node)]
    except yaml.MarkedYAMLError as error:
        message = " ".join(part for part in (error.context, error.problem) if part)
        fix = _syntax_fix(message)
        raise _at(error.problem_mark or error.context_mark, f"not YAML: {message}", fix) from None
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        column = error.position - before.rfind("\n")
        message = f"not YAML: the character #x{error.character:04x} is not allowed"
        raise YamlError(message, before.count("\n") + 1, column, "remove it") from None
    documents = []
    for node in nodes:
        document = Document(None)
        document.value = _build(node, (), document)
        documents.append(document)
    return documents


class _Loader(yaml.SafeLoader):
    """The safe loader, without what lets a few lines grow to gigabytes or exhaust the stack."""

    depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
        if self.check_event(yaml.AliasEvent):
            raise _at(mark, "aliases (*name) are not allowed", "write the value out")
        if self.depth > MAX_DEPTH:
            raise _at(mark, f"nested deeper than {MAX_DEPTH} levels")
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


def _is_empty(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag == f"{_TAG}null" and not node.value


def _build(node: yaml.Node, path: Path, document: Document) -> Any:
    document.positions.setdefault(path, (node.start_mark.line + 1, node.start_mark.column + 1))
    if isinstance(node, yaml.SequenceNode) and node.tag == f"{_TAG}seq":
        return [_build(item, (*path, place), document) for place, item in enumerate(node.value)]
    if isinstance(node, yaml.MappingNode) and node.tag == f"{_TAG}map":
        return _build_mapping(node, path, document)
    kind = node.tag.removeprefix(_TAG)
    if not isinstance(node, yaml.ScalarNode) or kind not in (*_WORDS, *_TEXT):
        shown = node.tag.replace(_TAG, "!!")
        raise _at(node.start_mark, f"the tag {shown} is not allowed here", "remove it")
    return _scalar(node, kind)


def _scalar(node: yaml.ScalarNode, kind: str) -> Any:
    """The value of a scalar; 1:30 is text, as Kubernetes reads it."""
    text: str = node.value
    if kind in _TEXT or ":" in text:
        return _text(node)
    try:
        return yaml.SafeLoader("").construct_object(node)
    except (ValueError, LookupError, yaml.YAMLError):  # `!!int abc`, a number of 5000 digits
        shown = text if len(text) <= 40 else text[:37] + "..."
        raise _at(node.start_mark, f"{shown} is not {_WORDS[kind]}", "fix the value") from None


def _text(node: yaml.ScalarNode) -> str:
    """The text of a scalar; JSON writes some characters as two escapes, which become one."""
    try:
        text: str = node.value.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise _at(node.start_mark, "the text contains an invalid Unicode character", "remove it")
    return text


def _build_mapping(node: yaml.MappingNode, path: Path, document: Document) -> dict[str, Any]:
    built: dict[str, Any] = {}
    for key_node, value_node in node.value:
        mark = key_node.start_mark
        if not isinstance(key_node, yaml.ScalarNode):
            raise _at(mark, "the name of a field must be text", "write it as name: value")
        key = _text(key_node)
        if key in built:
            raise _at(mark, f"field {key} is written twice", "keep one of them")
        document.positions[*path, key] = (mark.line + 1, mark.column + 1)
        built[key] = _build(value_node, (*path, key), document)
    return built


def _at(mark: Any, message: str, fix: str = "") -> YamlError:
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    return YamlError(message, line, column, fix)


def _syntax_fix(message: str) -> str:
    if "\\t" in message or "tab" in message.lower():
        return "indent with spaces, not with tabs"
    return "check indentation, colons and quotes near this place"
