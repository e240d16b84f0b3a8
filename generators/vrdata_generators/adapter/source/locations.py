"""The places that generators are added from: folders, git URLs, and lists of them."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from vrdata.errors import InvalidInputError, NotFoundError, UsageError
from vrdata.model import GeneratorClass
from vrdata.text import printable_line
from vrdata_generators.adapter.source.detect import GeneratorFolder, find_generators
from vrdata_generators.adapter.source.git import clone, describe
from vrdata_generators.adapter.source.naming import is_url, name_from, without_credentials

_COMMENT = re.compile(r"(^|\s)#.*$")


@dataclass(frozen=True, slots=True)
class GeneratorSource:
    """What to add: a folder or git URL, with the options given for it."""

    address: str
    commit: str = ""
    name: str = ""
    generator_class: GeneratorClass | None = None


@dataclass(frozen=True, slots=True)
class LocatedGenerator:
    """One generator of a source, with its name and origin."""

    found: GeneratorFolder
    name: str
    origin: str
    commit: str


def open_source(source: GeneratorSource, staging: Path) -> tuple[LocatedGenerator, ...]:
    """The generators of a source; a git URL is cloned into `staging`.

    Raises:
        UsageError: the options do not fit the source.
        NotFoundError: the folder does not exist.
        InvalidInputError: it contains no generator.
        VrdataError: it cannot be cloned.
    """
    folder, origin, commit = _folder(source, staging)
    found = find_generators(folder)
    if source.name and len(found) > 1:
        folders = ", ".join(str(one.root.relative_to(folder)) for one in found[:8])
        raise UsageError(
            f"--name gives one name, but there are {len(found)} generators in "
            f"{without_credentials(source.address)}",
            why=folders,
            fix="omit --name, or name the folder of one generator",
        )
    return tuple(
        LocatedGenerator(one, source.name or _name(one, folder, source.address), origin, commit)
        for one in found
    )


def parse_list(text: str) -> tuple[GeneratorSource, ...]:
    """The sources in a list: one `FOLDER_OR_URL COMMIT [NAME]` per line.

    The commit of a folder is `-`. A `#` at the start of a line or after a space starts a comment.
    A folder with spaces is written in quotes.

    Raises:
        InvalidInputError: a line has another form, or the list is empty.
    """
    sources = []
    for number, line in enumerate(text.splitlines(), start=1):
        parts = _parts(_COMMENT.sub("", line))
        if not parts:
            continue
        if len(parts) not in {2, 3}:
            raise InvalidInputError(
                f"line {number} of the list is invalid: {printable_line(line.strip()[:120])}",
                fix="write FOLDER_OR_URL COMMIT [NAME]; the commit of a folder is '-'",
            )
        commit = "" if parts[1] == "-" else parts[1]
        sources.append(GeneratorSource(parts[0], commit, parts[2] if len(parts) == 3 else ""))
    if not sources:
        raise InvalidInputError(
            "the list is empty", fix="write one FOLDER_OR_URL COMMIT [NAME] per line"
        )
    return tuple(sources)


def _parts(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError:  # an apostrophe in a name
        return line.split()


def _folder(source: GeneratorSource, staging: Path) -> tuple[Path, str, str]:
    if is_url(source.address):
        target = staging / "clone"
        clone(source.address, source.commit, target)
        return target, without_credentials(source.address), source.commit
    if "://" in source.address:
        raise UsageError(
            f"{without_credentials(source.address)} cannot be fetched",
            fix="use an https, ssh or file URL",
        )
    folder = Path(source.address).expanduser().absolute()
    if not folder.is_dir():
        raise NotFoundError(
            f"there is no folder {source.address}",
            fix="name the folder of a generator, or an https, ssh or file URL of a git repository",
        )
    if source.commit:
        raise UsageError(
            "--commit is given, but a folder is added as it is",
            fix=f"to add one of its commits, use the URL file://{folder}",
        )
    origin, commit = describe(folder)
    return folder, origin or str(folder), commit


def _name(found: GeneratorFolder, folder: Path, address: str) -> str:
    if found.root != folder:
        return name_from(found.root.name)
    return name_from(address if is_url(address) else folder.name)
