"""Load a file into a model; every problem with its line, column, path and fix."""

from __future__ import annotations

import json
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from vrdata.api.profile import GenerationProfile
from vrdata.api.reading.wording import without_echoes, word_problem
from vrdata.api.reading.yaml_nodes import MAX_BYTES, Document, YamlError, parse_documents
from vrdata.api.run import GenerationRun
from vrdata.errors import InvalidInputError, NotFoundError
from vrdata.model import API_VERSION, Model
from vrdata.text import decode

M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a file."""

    file: str
    line: int
    column: int
    path: str
    message: str

    def __str__(self) -> str:
        where = f"{self.path}: " if self.path else ""
        return f"{self.file}:{self.line}:{self.column}: {where}{self.message}"


class InvalidFileError(InvalidInputError):
    """A file with problems, all of them listed."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


def load_run(path: Path) -> GenerationRun:
    """Load a GenerationRun.

    Raises:
        NotFoundError: the file cannot be read.
        InvalidFileError: it is not a valid run.
    """
    return load_model(path, GenerationRun)


def load_profile(path: Path) -> GenerationProfile:
    """Load a GenerationProfile; raises as `load_run`."""
    return load_model(path, GenerationProfile)


def load_model(path: Path, model: type[M]) -> M:
    """Load the only document of `model`'s kind in a file; documents of other kinds are ignored.

    Raises:
        NotFoundError: the file cannot be read.
        InvalidFileError: no such document, several, or an invalid one.
    """
    document = _pick(path, _documents(path, model.__name__), model.__name__)
    try:
        # Strict: `samples: true` and `name: 7` are mistakes, not numbers and names.
        # By alias alone: a cluster knows shardSize, not shard_size.
        return model.model_validate_json(json.dumps(document.value), strict=True, by_name=False)
    except ValidationError as error:
        problems = []
        for detail in without_echoes(error.errors(include_url=False)):
            place, message = word_problem(detail, model)
            line, column = document.position(place)
            problems.append(Problem(str(path), line, column, _dotted(place), message))
        raise InvalidFileError(sorted(problems, key=lambda one: (one.line, one.column))) from None


def _documents(path: Path, kind: str) -> list[Document]:
    try:
        size = path.stat().st_size
        raw = path.read_bytes() if size <= MAX_BYTES else b""
    except OSError as error:
        raise _unreadable(path, kind, error) from None
    if size > MAX_BYTES:
        raise _one(path, 1, 1, f"larger than {MAX_BYTES} bytes; a run file is a few kilobytes")
    try:
        return parse_documents(decode(raw))
    except UnicodeDecodeError as error:
        raise _one(path, 1, 1, f"not UTF-8 text ({error.reason}); save it as UTF-8") from None
    except YamlError as error:
        fix = f"; {error.fix}" if error.fix else ""
        raise _one(path, error.line, error.column, f"{error.what}{fix}") from None


def _unreadable(path: Path, kind: str, error: OSError) -> NotFoundError:
    if path.is_dir():
        return NotFoundError(f"{path} is a folder, not a file", fix=f"name the file of a {kind}")
    if isinstance(error, PermissionError):
        fix = f"check its permissions: ls -l {path}"
    else:
        init = "; `vrdata init` writes one" if kind == GenerationRun.__name__ else ""
        fix = f"name the file of a {kind}{init}"
    return NotFoundError(f"{path} cannot be read", why=error.strerror or str(error), fix=fix)


def _pick(path: Path, documents: list[Document], kind: str) -> Document:
    if not documents:
        raise _one(path, 1, 1, f"the file is empty; it must contain a {kind}")
    first = documents[0]
    for document in documents:
        if not isinstance(document.value, dict):
            raise _one(path, *document.position(()), f"must be a {kind}, a mapping of fields")
    found = [document for document in documents if document.value.get("kind") == kind]
    if len(found) > 1:
        raise _one(path, *found[1].position(()), f"a second {kind}; a file can have only one")
    if not found:
        raise _one(path, *first.position(("kind",)), _wrong_kind(first.value.get("kind"), kind))
    version = found[0].value.get("apiVersion")
    if version != API_VERSION:
        raise _one(
            path,
            *found[0].position(("apiVersion",)),
            f"apiVersion: {version!r} is not known; write {API_VERSION}",
        )
    return found[0]


def _wrong_kind(found: Any, kind: str) -> str:
    if found is None:
        return f"kind is missing; write kind: {kind}"
    close = get_close_matches(str(found), [kind], cutoff=0.4)
    return f"kind: {found!r} is not a {kind}" + (f"; did you mean {kind}?" if close else "")


def _one(path: Path, line: int, column: int, message: str) -> InvalidFileError:
    return InvalidFileError([Problem(str(path), line, column, "", message)])


def _dotted(place: tuple[str | int, ...]) -> str:
    text = ""
    for part in place:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text
