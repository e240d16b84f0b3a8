"""Which files of a source a run includes: globs as a shell has them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from functools import lru_cache

_ANY_FOLDERS = "**"
_NOT = "!"


def included(name: str, include: Sequence[str]) -> bool:
    """Whether a file is read.

    Without globs, all files are read except hidden ones: a name or a folder that begins with a dot.
    A glob without a slash is compared with the file's name in every folder, another one with the
    whole path; `**` stands for any number of folders. No wildcard matches a leading dot. Upper and
    lower case differ. A glob that ends with a slash includes folders: see `folder_of`. One that
    begins with `!` leaves out what the rest of it matches: see `is_left_out`.

    Args:
        name: path of the file below the source, with `/`.
        include: globs; a file that matches one is read.
    """
    if is_left_out(name, include):
        return False
    include = wanted(include)
    parts = name.split("/")
    if not include:
        return not any(map(is_hidden, parts))
    if any(len(parts) in _ends(parts, glob) for glob in include if not glob.endswith("/")):
        return True
    folder = folder_of(name, include)
    return bool(folder) and not any(map(is_hidden, name.removeprefix(folder).split("/")))


def is_left_out(name: str, include: Sequence[str]) -> bool:
    """Whether a glob that begins with `!` matches a file, whatever the others match."""
    others = [glob[1:] for glob in include if glob.startswith(_NOT)]
    return bool(others) and included(name, others)


def wanted(include: Sequence[str]) -> tuple[str, ...]:
    """The globs that do not begin with `!`."""
    return tuple(glob for glob in include if not glob.startswith(_NOT))


def folder_of(name: str, include: Sequence[str]) -> str:
    """The outermost folder of a file that a glob with a closing slash matches, with that slash.

    All files of such a folder are one item.

    Returns:
        "" if there is no such folder.
    """
    globs = [one[:-1] for one in wanted(include) if one.endswith("/")]
    if not globs:
        return ""
    folders = name.split("/")[:-1]
    counts = [min(_ends(folders, one), default=0) for one in globs]
    count = min(filter(None, counts), default=0)
    return "".join(f"{folder}/" for folder in folders[:count])


def includes_hidden(include: Sequence[str]) -> bool:
    """Whether a glob can match a hidden file: one of its parts begins with a dot."""
    return any(is_hidden(part) for glob in include for part in _parts(glob))


def is_hidden(part: str) -> bool:
    """Whether a name, without its folder, is hidden."""
    return part.startswith(".")


@lru_cache(maxsize=256)
def _parts(glob: str) -> tuple[str, ...]:
    whole = glob.removeprefix("./").lstrip("/")
    return tuple(whole.split("/")) if "/" in glob else (_ANY_FOLDERS, whole)


def _ends(path: Sequence[str], glob: str) -> list[int]:
    """How many parts of a path, from the first one on, match the whole glob; ascending.

    Keeps the set of places in the glob that the path can be at, so time is linear in both.
    """
    parts = _parts(glob)
    places = _skip_folders({0}, parts)
    ends = []
    for count, part in enumerate(path, 1):
        places = _skip_folders(
            {
                place if parts[place] == _ANY_FOLDERS else place + 1
                for place in places
                if place < len(parts) and _part_matches(part, parts[place])
            },
            parts,
        )
        if len(parts) in places:
            ends.append(count)
    return ends


def _skip_folders(places: set[int], parts: tuple[str, ...]) -> set[int]:
    """`**` also stands for no folder."""
    for place in sorted(places):
        end = place
        while end < len(parts) and parts[end] == _ANY_FOLDERS:
            end += 1
            places.add(end)
    return places


def _part_matches(part: str, glob: str) -> bool:
    if glob == _ANY_FOLDERS:
        return not is_hidden(part)
    return fnmatchcase(part, glob) and (glob[:1] not in {"*", "?", "["} or not is_hidden(part))
