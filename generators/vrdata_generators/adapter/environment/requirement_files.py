"""Read `requirements.txt` and the files that it includes, as pip does."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from vrdata.errors import InvalidInputError
from vrdata.text import printable_line
from vrdata_generators.adapter.environment.requirement_text import logical_lines, read_text

FILE = "requirements.txt"
MAX_REQUIREMENTS = 500
_SHOWN = 120  # characters of a line in a message

_VARIABLE = re.compile(r"\$\{[A-Z0-9_]+\}")  # as pip

_INCLUDES = ("-r", "--requirement", "-c", "--constraint")
# pip gets these.
_KEPT_WITH_VALUE = ("--only-binary",)
_KEPT = ("--pre", "--prefer-binary", "--require-hashes")
_INDEX = (
    *("-i", "--index-url", "--pypi-url", "--extra-index-url", "--no-index"),
    *("-f", "--find-links", "--trusted-host"),
)
_EDITABLE = ("-e", "--editable")
_FIX = "write one distribution per line, such as numpy==1.26.4"
_INDEX_FIX = (
    "remove the line; if pip needs another index, set it on this machine, for example with "
    "`pip config set global.extra-index-url URL`"
)


@dataclass(frozen=True, slots=True)
class DeclaredLine:
    """One requirement or constraint.

    Attributes:
        origin: file and line number, for messages.
        hashes: `sha256:…` of the archives that may be installed; empty = any.
    """

    requirement: Requirement
    origin: str
    hashes: frozenset[str] = frozenset()

    def __str__(self) -> str:
        return f"{self.requirement} ({self.origin})"


@dataclass(frozen=True, slots=True)
class Declared:
    """What a generator's requirements.txt and the files that it includes say.

    Attributes:
        options: for pip, such as `--pre`, in their order.
    """

    requirements: tuple[DeclaredLine, ...] = ()
    constraints: tuple[DeclaredLine, ...] = ()
    options: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.requirements)


@dataclass(slots=True)
class _Reader:
    root: Path
    requirements: list[DeclaredLine] = field(default_factory=list)
    constraints: list[DeclaredLine] = field(default_factory=list)
    options: dict[str, None] = field(default_factory=dict)
    seen: set[tuple[Path, bool]] = field(default_factory=set)

    def read(self, path: Path, *, constraint: bool) -> None:
        if (path, constraint) in self.seen:
            return
        self.seen.add((path, constraint))
        name = path.relative_to(self.root).as_posix()
        for number, text in logical_lines(read_text(path, name)):
            self._line(_Line(path, f"{name}, line {number}", text), constraint)

    def _line(self, line: _Line, constraint: bool) -> None:
        if _VARIABLE.search(line.text):
            raise line.refused(
                "it depends on an environment variable", "write the value instead of the variable"
            )
        head, options = _split(line.text)
        if head:
            parsed = _requirement(line, head, options)
            (self.constraints if constraint else self.requirements).append(parsed)
            if len(self.requirements) + len(self.constraints) > MAX_REQUIREMENTS:
                raise InvalidInputError(f"{FILE} has more than {MAX_REQUIREMENTS} requirements")
            return
        for name, value in _options(line, options):
            if name in _INCLUDES:
                self.read(self._included(line, value), constraint=name in _INCLUDES[2:])
            else:
                self.options[f"{name}={value}" if value else name] = None

    def _included(self, line: _Line, name: str) -> Path:
        path = (line.path.parent / name).resolve()
        if "://" in name or not path.is_relative_to(self.root):
            raise line.refused(
                "the included file is not in the generator's folder",
                "copy the file into the generator's folder",
            )
        if not path.is_file():
            raise line.refused(f"the generator's folder has no file {name}", "add the file")
        return path


@dataclass(frozen=True, slots=True)
class _Line:
    path: Path
    origin: str
    text: str

    def refused(self, why: str, fix: str) -> InvalidInputError:
        return InvalidInputError(
            f"{self.origin} cannot be used: {printable_line(self.text[:_SHOWN])}",
            why=why,
            fix=fix,
        )


def read_requirements(root: Path) -> Declared:
    """The requirements of a generator's folder; empty when it has no requirements.txt.

    Raises:
        InvalidInputError: a file cannot be decoded; or a line is a URL, not a requirement, or an
            option that vrdata does not pass on to pip.
    """
    root = root.resolve()
    path = root / FILE
    if not path.is_file():
        return Declared()
    reader = _Reader(root)
    reader.read(path, constraint=False)
    _check_hashes(reader)
    return Declared(tuple(reader.requirements), tuple(reader.constraints), tuple(reader.options))


def parse_requirement(path: Path, origin: str, text: str) -> DeclaredLine:
    """A requirement that another file than requirements.txt has.

    Raises:
        InvalidInputError: it names a URL, or is not a requirement.
    """
    return _requirement(_Line(path, origin, text), text, "")


def _check_hashes(reader: _Reader) -> None:
    lines = (*reader.requirements, *reader.constraints)
    hashed = {canonicalize_name(line.requirement.name) for line in lines if line.hashes}
    if not hashed and "--require-hashes" not in reader.options:
        return
    for line in reader.requirements:
        if canonicalize_name(line.requirement.name) not in hashed:
            raise InvalidInputError(
                f"{line.origin} has no --hash: {line.requirement}",
                why="pip requires a hash for every line as soon as one line has a hash",
                fix="add its hash, for example with `pip-compile --generate-hashes`",
            )


def _split(text: str) -> tuple[str, str]:
    """The requirement and the options of a line: these start at the first word with a dash."""
    words = text.split(" ")
    place = next((at for at, word in enumerate(words) if word.startswith("-")), len(words))
    return " ".join(words[:place]).strip(), " ".join(words[place:])


def _requirement(line: _Line, head: str, options: str) -> DeclaredLine:
    try:
        requirement = Requirement(head)
    except InvalidRequirement as error:
        if _is_location(head):
            raise _location(line) from None
        raise line.refused(str(error).splitlines()[0], _FIX) from None
    if requirement.url:
        raise _location(line)
    hashes = set()
    for name, value in _words(line, options):
        if name != "--hash":
            raise line.refused(f"the option {name} is not supported", "remove the option")
        hashes.add(value)
    return DeclaredLine(requirement, line.origin, frozenset(hashes))


def _is_location(head: str) -> bool:
    return "://" in head or head.startswith((".", "/", "~")) or "/" in head.partition(";")[0]


def _location(line: _Line) -> InvalidInputError:
    return line.refused(
        "it names a file or URL; pip installs from its configured package index only",
        "write the name of the distribution and its version",
    )


def _options(line: _Line, text: str) -> Iterator[tuple[str, str]]:
    for name, value in _words(line, text):
        if name in (*_INCLUDES, *_KEPT_WITH_VALUE):
            if not value:
                raise line.refused(f"the option {name} has no value", "add its value")
            yield name, value
        elif name in _KEPT:
            yield name, ""
        elif name in _INDEX:
            raise line.refused(
                f"the option {name} is not supported: pip installs from the package index that is "
                "configured on this machine only",
                _INDEX_FIX,
            )
        elif name == "--hash":
            raise line.refused(
                "it has no requirement, so pip would ignore it", "end the line before it with \\"
            )
        elif name in _EDITABLE:
            raise line.refused(
                f"the option {name} is not supported: the generator's folder is used as it is",
                "remove the line, and name the distributions that the code imports",
            )
        else:
            raise line.refused(f"the option {name} is not supported", "remove the option")


def _words(line: _Line, text: str) -> Iterator[tuple[str, str]]:
    """Options with their values: `--name=value`, `--name value`, `-n value`, `-nvalue`."""
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise line.refused(str(error), "fix the quotes") from None
    while words:
        word = words.pop(0)
        if word.startswith("--"):
            name, _, value = word.partition("=")
        else:
            name, value = word[:2], word[2:]
        if not value and name not in _KEPT and words and not words[0].startswith("-"):
            value = words.pop(0)
        yield name, value
