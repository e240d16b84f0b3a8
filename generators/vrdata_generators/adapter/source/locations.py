"""The places that generators are added from: folders, git URLs, and lists of them."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from vrdata.errors import InvalidInputError, NotFoundError, UsageError
from vrdata.model import GeneratorClass
from vrdata.plan.pipelines import Pipeline
from vrdata.text import count, printable_line
from vrdata_generators.adapter.source.clone import clone
from vrdata_generators.adapter.source.detect import GeneratorFolder, find_generators
from vrdata_generators.adapter.source.git import describe
from vrdata_generators.adapter.source.naming import is_url, name_from, without_credentials
from vrdata_generators.adapter.source.placeholders import Placeholder, find_placeholders

_COMMENT = re.compile(r"(^|\s)#.*$")
_LINE = "FOLDER_OR_URL COMMIT [NAME] [class=O|G|M] [sources=FILE] [script=PATH]"
_OPTION = re.compile(r"(class|sources|script)=(.*)")
_CLASSES: dict[str, GeneratorClass] = {"O": "O", "G": "G", "M": "M"}


@dataclass(frozen=True, slots=True)
class GeneratorSource:
    """What to add: a folder or git URL, with the options given for it.

    Attributes:
        pipeline: the sources and the script, if it converts raw data.
        sources: in a list, the file with the sources of a pipeline.
        script: in a list, the script of a pipeline.
    """

    address: str
    commit: str = ""
    name: str = ""
    generator_class: GeneratorClass | None = None
    pipeline: Pipeline | None = None
    sources: str = ""
    script: str = ""


@dataclass(frozen=True, slots=True)
class LocatedGenerator:
    """One generator of a source, with its name and origin.

    Attributes:
        fetched: it was fetched with git; otherwise it is a folder of the user.
        placeholders: its files and submodules without content.
        problems: why git could not fetch them.
    """

    found: GeneratorFolder
    name: str
    origin: str
    commit: str
    fetched: bool = False
    placeholders: tuple[Placeholder, ...] = ()
    problems: tuple[str, ...] = ()


def open_source(source: GeneratorSource, staging: Path) -> tuple[LocatedGenerator, ...]:
    """The generators of a source; a git URL is cloned into `staging`.

    Raises:
        UsageError: the options do not fit the source.
        NotFoundError: the folder does not exist.
        InvalidInputError: it contains no generator.
        VrdataError: it cannot be cloned.
    """
    place = _folder(source, staging)
    folder = place.path
    found = _found(folder, source.pipeline)
    if source.name and len(found) > 1:
        folders = ", ".join(str(one.root.relative_to(folder)) for one in found[:8])
        raise UsageError(
            f"--name gives one name, but there are {count(len(found), 'generator')} in "
            f"{without_credentials(source.address)}",
            why=folders,
            fix="omit --name, or name the folder of one generator",
        )
    return tuple(
        LocatedGenerator(
            found=one,
            name=source.name or _name(one, folder, source.address),
            origin=place.origin,
            commit=place.commit,
            fetched=is_url(source.address),
            placeholders=find_placeholders(one.root),
            problems=place.problems,
        )
        for one in found
    )


def _found(folder: Path, pipeline: Pipeline | None) -> tuple[GeneratorFolder, ...]:
    if pipeline is None:
        return find_generators(folder)
    if not (folder / pipeline.script).is_file():
        raise InvalidInputError(
            f"{folder} has no {pipeline.script}",
            fix="name the script of the pipeline: --script PATH",
        )
    return (GeneratorFolder(folder, "pipeline", pipeline.script),)


def parse_list(text: str) -> tuple[GeneratorSource, ...]:
    """The sources in a list: one `FOLDER_OR_URL COMMIT [NAME] [OPTION=VALUE …]` per line.

    The options are class, and for a pipeline sources and script. The commit of a folder is `-`.
    A `#` at the start of a line or after a space starts a comment. A folder with spaces is written
    in quotes.

    Raises:
        InvalidInputError: a line has another form, or the list is empty.
    """
    sources = []
    for number, line in enumerate(text.splitlines(), start=1):
        parts = _parts(_COMMENT.sub("", line))
        if not parts:
            continue
        options: dict[str, str] = {}
        while (option := _OPTION.fullmatch(parts[-1])) and len(parts) > 1:
            options.setdefault(option[1], option[2])
            parts.pop()
        given = _CLASSES.get(options.get("class", "").upper())
        if len(parts) not in {2, 3} or "" in options.values() or ("class" in options and not given):
            raise InvalidInputError(
                f"line {number} of the list is invalid: {printable_line(line.strip()[:120])}",
                fix=f"write {_LINE}; the commit of a folder is '-'",
            )
        sources.append(
            GeneratorSource(
                parts[0],
                commit="" if parts[1] == "-" else parts[1],
                name=parts[2] if len(parts) == 3 else "",
                generator_class=given,
                sources=options.get("sources", ""),
                script=options.get("script", ""),
            )
        )
    if not sources:
        raise InvalidInputError("the list is empty", fix=f"write one {_LINE} per line")
    return tuple(sources)


def _parts(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError:  # an apostrophe in a name
        return line.split()


@dataclass(frozen=True, slots=True)
class _Place:
    path: Path
    origin: str
    commit: str
    problems: tuple[str, ...] = ()


def _folder(source: GeneratorSource, staging: Path) -> _Place:
    if is_url(source.address):
        target = staging / "clone"
        cloned = clone(source.address, source.commit, target)
        origin = without_credentials(source.address)
        return _Place(target, origin, cloned.commit, cloned.problems)
    if "://" in source.address:
        raise UsageError(
            f"{without_credentials(source.address)} cannot be fetched",
            fix="use an https, ssh or file URL",
        )
    folder = Path(source.address).expanduser().absolute()
    if not folder.is_dir():
        kind = "is a file, not a folder" if folder.exists() else "does not exist"
        raise NotFoundError(
            f"{source.address} {kind}",
            fix="name the folder of a generator, or an https, ssh or file URL of a git repository",
        )
    if source.commit:
        raise UsageError(
            "--commit is given, but a folder is added as it is",
            fix=f"to add one of its commits, use the URL file://{folder}",
        )
    origin, commit = describe(folder)
    return _Place(folder, origin or str(folder), commit)


def _name(found: GeneratorFolder, folder: Path, address: str) -> str:
    if found.root != folder:
        return name_from(found.root.name)
    return name_from(address if is_url(address) else folder.name)
