"""Where generators are added from: a folder or a git address, one or a list of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from vrdata.errors import InvalidInputError, NotFoundError, UsageError
from vrdata.plan.catalogue import GeneratorClass
from vrdata_generators.adapter.source.finding import Found, find_generators
from vrdata_generators.adapter.source.git import clone, describe
from vrdata_generators.adapter.source.naming import is_url, name_from, without_credentials


@dataclass(frozen=True, slots=True)
class Source:
    """What to add: a folder or git address, and what was said about it."""

    address: str
    commit: str = ""
    name: str = ""
    generator_class: GeneratorClass | None = None


@dataclass(frozen=True, slots=True)
class Located:
    """One generator of a source, its name, and where it comes from."""

    found: Found
    name: str
    origin: str
    commit: str


def open_source(source: Source, staging: Path) -> tuple[Located, ...]:
    """The generators of a source; a git address is cloned below `staging`.

    Raises:
        UsageError: arguments that do not fit the source.
        NotFoundError: there is no such folder.
        InvalidInputError: it holds no generator.
        VrdataError: it cannot be cloned.
    """
    folder, origin, commit = _folder(source, staging)
    found = find_generators(folder)
    if source.name and len(found) > 1:
        folders = ", ".join(str(one.root.relative_to(folder)) for one in found[:8])
        raise UsageError(
            f"one name is given for the {len(found)} generators of "
            f"{without_credentials(source.address)}",
            why=folders,
            fix="leave --name out, or name the folder of one generator",
        )
    return tuple(
        Located(one, source.name or _name(one, folder, source.address), origin, commit)
        for one in found
    )


def parse_list(text: str) -> tuple[Source, ...]:
    """Sources from a list: one `ADDRESS COMMIT [NAME]` per line, `#` starts a comment.

    The commit of a folder is `-`.

    Raises:
        InvalidInputError: a line has another form, or there is none.
    """
    sources = []
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        if len(words) not in {2, 3}:
            raise InvalidInputError(
                f"line {number} of the list cannot be read: {line.strip()[:120]}",
                fix="write ADDRESS COMMIT [NAME]; the commit of a folder is '-'",
            )
        commit = "" if words[1] == "-" else words[1]
        sources.append(Source(words[0], commit, words[2] if len(words) == 3 else ""))
    if not sources:
        raise InvalidInputError(
            "the list names no generator", fix="write one ADDRESS COMMIT [NAME] per line"
        )
    return tuple(sources)


def _folder(source: Source, staging: Path) -> tuple[Path, str, str]:
    if is_url(source.address):
        target = staging / "clone"
        clone(source.address, source.commit, target)
        return target, without_credentials(source.address), source.commit
    if "://" in source.address:
        raise UsageError(
            f"{without_credentials(source.address)} cannot be fetched",
            fix="use an https, ssh or file address",
        )
    folder = Path(source.address).expanduser().absolute()
    if not folder.is_dir():
        raise NotFoundError(
            f"there is no folder {source.address}",
            fix="name a generator's folder, or an https, ssh or file address of a git repository",
        )
    if source.commit:
        raise UsageError(
            "a folder is taken as it is, so it takes no commit",
            fix=f"give the address file://{folder} to take one of its commits",
        )
    origin, commit = describe(folder)
    return folder, origin or str(folder), commit


def _name(found: Found, folder: Path, address: str) -> str:
    if found.root != folder:
        return name_from(found.root.name)
    return name_from(address if is_url(address) else folder.name)
